"""Which phones are sung in a song: a small network with connectionist temporal classification (Graves et al. 2006).

It hears log-mel spectra of mid and side, because the voice stands in the middle and much of the band does not. Two
heads share one body: `said` writes down phones without saying exactly when, which is what a transcript is read from;
`heard` says of every frame which phone sounds in it, or none. That is learned in minutes, so `said` builds on it.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from khala.audio.mel import mel_filters
from khala.music.phones import PHONES
from khala.nn.conv import ConvNeXtBlock

RATE = 44100
WINDOW, HOP, STRIDE = 1024, 512, 2
"""Samples of a spectrum, from one to the next, and spectra of a frame: 43 frames a second."""
FRAME_RATE = RATE / HOP / STRIDE
BINS, BANDS = 187, 64
"""Bins of a spectrum up to 8 kHz, and the mel bands that they become."""
FLOOR = 1e-2
LEAST_SPREAD = 0.3
"""Nepers added to the spread of a band over the song by which it is divided: hiss is not blown up."""
WIDTH, BLOCKS, KERNEL = 160, 5, 15
"""A frame is judged by 1.7 s around it."""


class Recogniser(nn.Module):
    """0.9 million parameters. Features [B, S, 2 BANDS] -> log probabilities [B, T, 1 + phones] of both heads,
    T = ceil(S / 2); class 0 is "no phone"."""

    window: Tensor
    mel: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("window", torch.hann_window(WINDOW), persistent=False)
        mel = mel_filters(BANDS, BINS, round(2 * (BINS - 1) * RATE / WINDOW))
        self.register_buffer("mel", torch.tensor(mel, dtype=torch.float32), persistent=False)
        self.enter = nn.Conv1d(2 * BANDS, WIDTH, 5, stride=STRIDE, padding=2)
        self.blocks = nn.Sequential(*(ConvNeXtBlock(WIDTH, kernel=KERNEL) for _ in range(BLOCKS)))
        self.norm = nn.LayerNorm(WIDTH)
        self.said = nn.Linear(WIDTH, 1 + len(PHONES))
        self.heard = nn.Linear(WIDTH, 1 + len(PHONES))
        nn.init.zeros_(self.said.weight)
        nn.init.zeros_(self.said.bias)

    @torch.no_grad()
    def features(self, samples_CN: Tensor) -> Tensor:
        """Samples [1 or 2, N] at 44.1 kHz -> log-mel magnitudes of mid and side [S, 2 BANDS], S = N // HOP + 1, as if
        the whole had a level of -14 dB, so that loudness says nothing."""
        mid_side_2N = torch.stack([samples_CN[0] + samples_CN[-1], samples_CN[0] - samples_CN[-1]]) / 2
        level = mid_side_2N[0].square().mean().sqrt().clamp(min=1e-5)
        spectrum = torch.stft(
            F.pad(mid_side_2N * (0.2 / level), (WINDOW // 2, WINDOW // 2)),
            WINDOW,
            HOP,
            window=self.window,
            center=False,
            return_complex=True,
        ).abs()
        return torch.log(self.mel @ spectrum[:, :BINS] + FLOOR).flatten(0, 1).T

    def forward(self, features_BSF: Tensor) -> tuple[Tensor, Tensor]:
        x_BFS = features_BSF.transpose(1, 2)
        spread_BF1, mean_BF1 = torch.std_mean(x_BFS, dim=2, correction=0, keepdim=True)
        x_BDT = self.blocks(self.enter((x_BFS - mean_BF1) / (spread_BF1 + LEAST_SPREAD)))
        hidden_BTD = self.norm(x_BDT.transpose(1, 2))
        heard_BTC = self.heard(hidden_BTD)
        return (self.said(hidden_BTD) + heard_BTC).log_softmax(2), heard_BTC.log_softmax(2)


def transcript(said_TC: Tensor) -> list[str]:
    """The likeliest class of every frame [T, C], repetitions merged and "no phone" left out."""
    best = said_TC.argmax(1)
    changes = torch.cat([torch.tensor([True]), best[1:] != best[:-1]])
    return [PHONES[number - 1] for number in best[changes].tolist() if number]


def likelihood(said_TC: Tensor, phones: Sequence[str]) -> float:
    """Nats of log likelihood of a line of phones in frames [T, C], minus infinity where they are more than fit."""
    if not phones:
        return float(said_TC[:, 0].sum())
    target = torch.tensor([[1 + PHONES.index(phone) for phone in phones]])
    lengths = torch.tensor([len(said_TC)]), torch.tensor([len(phones)])
    return -float(F.ctc_loss(said_TC[:, None].float(), target, *lengths, reduction="sum"))


def align(frames_TC: Tensor, phones: Sequence[str]) -> list[tuple[int, int]]:
    """First frame and end of every phone on the likeliest path through frames [T, C] that says all of them in order.

    Between phones, before and after them nothing may be sung for as long as it pleases. Raises ValueError if there are
    fewer frames than phones.
    """
    twice = sum(one == other for one, other in pairwise(phones))  # a rest tells two equal ones apart
    if len(frames_TC) < len(phones) + twice:
        raise ValueError(f"{len(phones)} phones do not fit into {len(frames_TC)} frames")
    if not phones:
        return []
    states = torch.zeros(2 * len(phones) + 1, dtype=torch.long)  # rest, phone, rest, phone, ..., rest
    states[1::2] = torch.tensor([1 + PHONES.index(phone) for phone in phones], dtype=torch.long)
    same = states[3::2] == states[1:-2:2]
    skip = torch.zeros(len(states), dtype=torch.bool)
    skip[3::2] = ~same
    never = float("-inf")
    score = torch.full((len(states),), never)
    score[:2] = frames_TC[0, states[:2]]
    steps = []
    for frame in frames_TC[1:]:
        stay = score
        one = F.pad(score[:-1], (1, 0), value=never)
        two = F.pad(score[:-2], (2, 0), value=never).masked_fill(~skip, never)
        best, step = torch.stack([stay, one, two]).max(0)
        steps.append(step)
        score = best + frame[states]
    state = len(states) - 1 if score[-1] >= score[-2] else len(states) - 2
    path = [state]
    for step in reversed(steps):
        state -= int(step[state])
        path.append(state)
    path.reverse()
    spans: list[list[int]] = [[0, 0] for _ in phones]
    for time, state in enumerate(path):
        if state % 2:
            span = spans[state // 2]
            span[0] = span[0] if span[1] else time
            span[1] = time + 1
    return [(first, end) for first, end in spans]
