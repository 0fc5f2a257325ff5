import torch

from khala.models.backbone import interleave
from khala.music.layout import TokenLayout


def test_frames_become_q0_q1_q0_q1() -> None:
    layout = TokenLayout(text_vocab=512, codebook=16, levels=4)
    codes = torch.tensor([[[1, 2, 3], [4, 5, 6]]])
    assert interleave(codes, layout).tolist() == [[513, 532, 514, 533, 515, 534]]
