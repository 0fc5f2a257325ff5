"""The recogniser of sung phones: a small network with connectionist temporal classification (CTC, Graves et al. 2006).

Two heads share one body: `ctc_head` predicts the sequence of phones without exact times, for transcripts; `frame_head`
predicts the phone of every frame, or none. The latter is learned in minutes, so `ctc_head` adds to its logits.
"""

import torch
from torch import Tensor, nn

from khala.models.recogniser.features import DEVIATION_FLOOR, FRAME_SPECTRA, MEL_BANDS
from khala.music.phones import PHONES
from khala.nn.conv import ConvNeXtBlock

WIDTH, BLOCKS, KERNEL = 160, 5, 15
"""Sizes of the network; its receptive field is 1.7 s."""


class Recogniser(nn.Module):
    """Features [B, S, 2 MEL_BANDS] -> log probabilities [B, T, 1 + phones] of both heads, T = ceil(S / 2).

    Class 0 is "no phone". There are 0.9 million parameters.
    """

    def __init__(self) -> None:
        super().__init__()
        self.enter = nn.Conv1d(2 * MEL_BANDS, WIDTH, 5, stride=FRAME_SPECTRA, padding=2)
        self.blocks = nn.Sequential(*(ConvNeXtBlock(WIDTH, kernel=KERNEL) for _ in range(BLOCKS)))
        self.norm = nn.LayerNorm(WIDTH)
        self.ctc_head = nn.Linear(WIDTH, 1 + len(PHONES))
        self.frame_head = nn.Linear(WIDTH, 1 + len(PHONES))
        nn.init.zeros_(self.ctc_head.weight)
        nn.init.zeros_(self.ctc_head.bias)

    def forward(self, features_BSF: Tensor) -> tuple[Tensor, Tensor]:
        x_BFS = features_BSF.transpose(1, 2)
        deviation_BF1, mean_BF1 = torch.std_mean(x_BFS, dim=2, correction=0, keepdim=True)
        x_BDT = self.blocks(self.enter((x_BFS - mean_BF1) / (deviation_BF1 + DEVIATION_FLOOR)))
        hidden_BTD = self.norm(x_BDT.transpose(1, 2))
        frames_BTC = self.frame_head(hidden_BTD)
        return (self.ctc_head(hidden_BTD) + frames_BTC).log_softmax(2), frames_BTC.log_softmax(2)
