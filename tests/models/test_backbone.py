import torch

from khala.models.lm.backbone import interleave
from khala.music.layout import TokenLayout


def test_interleaved_codes_alternate_between_levels() -> None:
    codes = torch.tensor([[[0, 1, 2], [3, 4, 5]]])
    assert interleave(codes, TokenLayout(512, 16, 2)).tolist() == [[512, 531, 513, 532, 514, 533]]
