"""The recogniser of sung phones: a small network with connectionist temporal classification (CTC, Graves et al. 2006).

Its input are log-mel spectra of mid and side, because the voice is in the middle and much of the band is not. Two heads
share one body: `ctc_head` predicts the sequence of phones without exact times, for transcripts; `frame_head` predicts
the phone of every frame, or none. The latter is learned in minutes, so `ctc_head` adds to its logits.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from khala.audio.mel import mel_filters
from khala.music.phones import PHONES
from khala.nn.conv import ConvNeXtBlock

RECOGNISER_SAMPLE_RATE = 44100
WINDOW_SAMPLES, HOP_SAMPLES, FRAME_SPECTRA = 1024, 512, 2
"""Samples of a spectrum, samples from one to the next, and spectra per frame: 43 frames a second."""
PHONE_FRAMES_PER_SECOND = RECOGNISER_SAMPLE_RATE / HOP_SAMPLES / FRAME_SPECTRA
BINS, MEL_BANDS = 187, 64
"""Bins of a spectrum up to 8 kHz, and the mel bands that they are added up to."""
LOG_FLOOR = 1e-2
DEVIATION_FLOOR = 0.3
"""Nepers added to the deviation by which a band is divided, so that hiss is not amplified."""
WIDTH, BLOCKS, KERNEL = 160, 5, 15
"""Sizes of the network; its receptive field is 1.7 s."""


class Recogniser(nn.Module):
    """Features [B, S, 2 MEL_BANDS] -> log probabilities [B, T, 1 + phones] of both heads, T = ceil(S / 2).

    Class 0 is "no phone". There are 0.9 million parameters.
    """

    window: Tensor
    mel: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("window", torch.hann_window(WINDOW_SAMPLES), persistent=False)
        mel = mel_filters(MEL_BANDS, BINS, round(2 * (BINS - 1) * RECOGNISER_SAMPLE_RATE / WINDOW_SAMPLES))
        self.register_buffer("mel", torch.tensor(mel, dtype=torch.float32), persistent=False)
        self.enter = nn.Conv1d(2 * MEL_BANDS, WIDTH, 5, stride=FRAME_SPECTRA, padding=2)
        self.blocks = nn.Sequential(*(ConvNeXtBlock(WIDTH, kernel=KERNEL) for _ in range(BLOCKS)))
        self.norm = nn.LayerNorm(WIDTH)
        self.ctc_head = nn.Linear(WIDTH, 1 + len(PHONES))
        self.frame_head = nn.Linear(WIDTH, 1 + len(PHONES))
        nn.init.zeros_(self.ctc_head.weight)
        nn.init.zeros_(self.ctc_head.bias)

    @torch.no_grad()
    def features(self, samples_CN: Tensor) -> Tensor:
        """Compute log-mel magnitudes of mid and side [S, 2 MEL_BANDS], S = N // HOP_SAMPLES + 1.

        Samples are [1 or 2, N] at 44.1 kHz; mid is brought to -14 dBFS rms first, so that loudness does not matter.
        """
        mid_side_2N = torch.stack([samples_CN[0] + samples_CN[-1], samples_CN[0] - samples_CN[-1]]) / 2
        level = mid_side_2N[0].square().mean().sqrt().clamp(min=1e-5)
        spectrum = torch.stft(
            F.pad(mid_side_2N * (0.2 / level), (WINDOW_SAMPLES // 2, WINDOW_SAMPLES // 2)),
            WINDOW_SAMPLES,
            HOP_SAMPLES,
            window=self.window,
            center=False,
            return_complex=True,
        ).abs()
        return torch.log(self.mel @ spectrum[:, :BINS] + LOG_FLOOR).flatten(0, 1).T

    def forward(self, features_BSF: Tensor) -> tuple[Tensor, Tensor]:
        x_BFS = features_BSF.transpose(1, 2)
        deviation_BF1, mean_BF1 = torch.std_mean(x_BFS, dim=2, correction=0, keepdim=True)
        x_BDT = self.blocks(self.enter((x_BFS - mean_BF1) / (deviation_BF1 + DEVIATION_FLOOR)))
        hidden_BTD = self.norm(x_BDT.transpose(1, 2))
        frames_BTC = self.frame_head(hidden_BTD)
        return (self.ctc_head(hidden_BTD) + frames_BTC).log_softmax(2), frames_BTC.log_softmax(2)


def greedy_decode(ctc_TC: Tensor) -> list[str]:
    """Decode log probabilities [T, C] greedily: the likeliest classes, repetitions merged, "no phone" left out."""
    best = ctc_TC.argmax(1)
    changes = torch.cat([torch.tensor([True]), best[1:] != best[:-1]])
    return [PHONES[number - 1] for number in best[changes].tolist() if number]


def ctc_log_likelihood(ctc_TC: Tensor, phones: Sequence[str]) -> float:
    """Return the log likelihood of a sequence of phones in nats, given frames [T, C]; -inf if they do not fit."""
    if not phones:
        return float(ctc_TC[:, 0].sum())
    target = torch.tensor([[1 + PHONES.index(phone) for phone in phones]])
    lengths = torch.tensor([len(ctc_TC)]), torch.tensor([len(phones)])
    return -float(F.ctc_loss(ctc_TC[:, None].float(), target, *lengths, reduction="sum"))


def force_align(frames_TC: Tensor, phones: Sequence[str]) -> list[tuple[int, int]]:
    """Align phones with log probabilities [T, C] -> first frame and end of each, on the likeliest path (Viterbi).

    There may be rests of any length between phones, before and after them. Raises ValueError if there are too few
    frames.
    """
    repeated = sum(one == other for one, other in pairwise(phones))  # two equal ones need a rest between them
    if len(frames_TC) < len(phones) + repeated:
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
