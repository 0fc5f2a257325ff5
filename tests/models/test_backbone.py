import torch

from khala.conditioning.outline import NUM_CONDITIONS, line_condition
from khala.models.lm.backbone import condition_stream, interleave
from khala.models.lm.config import PAD_ID
from khala.music.layout import TokenLayout


def test_frames_become_q0_q1_q0_q1() -> None:
    layout = TokenLayout(text_vocab=512, codebook=16, levels=4)
    codes = torch.tensor([[[1, 2, 3], [4, 5, 6]]])
    assert interleave(codes, layout).tolist() == [[513, 532, 514, 533, 515, 534]]


def test_a_position_is_shown_the_frame_that_it_predicts_a_code_of() -> None:
    frames = [[row] * NUM_CONDITIONS for row in (10, 20, 30)]
    stream = condition_stream([None, 4, None], frames)
    assert stream[:, 0].tolist() == [PAD_ID, line_condition(4), 10, 10, 20, 20, 30]
    assert stream[:2, 1:].unique().tolist() == [PAD_ID] and stream[2:, -1].tolist() == [10, 10, 20, 20, 30]
