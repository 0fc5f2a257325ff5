"""What a language model in training makes of held-out songs, to be heard beside its losses."""

from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from khala.audio.files import write_audio
from khala.corpus.data.shards import codebooks
from khala.corpus.data.storage import Place
from khala.models.codec.folder import WEIGHTS, load_codec
from khala.models.lm.config import TransformerConfig
from khala.models.lm.transformer import Transformer

SAMPLED_SONGS = 2
"""Held-out songs that samples are made of."""
SAMPLED_FRAMES = 430
"""Most frames of a sample: 20 s."""

T = TypeVar("T", bound=Transformer)


def copy_of(
    kind: type[T], config: TransformerConfig, weights: dict[str, Tensor], tokens: Place, device: torch.device
) -> T:
    """Make a model of these weights, apart from the one in training: decoding keeps copies of weights, which would go
    stale there."""
    with torch.random.fork_rng(devices=[]):
        model = kind(config)
    model.load_state_dict(weights, strict=not config.tied)  # weights that are tied are there once
    return model.bind_codebooks(codebooks(tokens)).to(device).eval()


@torch.inference_mode()
def write_song(codes_QT: np.ndarray, codec: Path | None, path: Path) -> None:
    """Write `path`.wav as the codec in a folder decodes it or, if there is none, the codes as `path`.npy."""
    if codec is None or not (codec / WEIGHTS).exists():
        np.save(path.with_suffix(".npy"), codes_QT)
        return
    decoder = load_codec(codec)
    samples_2N = decoder.decode(torch.from_numpy(codes_QT.astype(np.int64))[None])[0]
    write_audio(path.with_suffix(".wav"), samples_2N.numpy(), decoder.sample_rate)
