import torch

from khala.models.lm.backbone import condition_stream, interleave
from khala.music.layout import TokenLayout


def test_interleaved_codes_alternate_between_levels() -> None:
    codes = torch.tensor([[[0, 1, 2], [3, 4, 5]]])
    assert interleave(codes, TokenLayout(512, 16, 2)).tolist() == [[512, 531, 513, 532, 514, 533]]


def test_a_position_has_the_conditions_of_the_frame_that_it_predicts_a_code_of() -> None:
    rows = condition_stream([0, 7, 9], [[10, 20], [11, 21], [12, 22]])
    assert rows.tolist() == [[0, 0], [7, 0], [10, 20], [10, 20], [11, 21], [11, 21], [12, 22]]
