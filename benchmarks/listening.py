"""Milliseconds that it takes to hear the words of a song, in the calling thread's CPU time.

    python benchmarks/listening.py SONG [--seconds 60] [--phones 300]

The song is repeated to that length, and asked for random phones. "listen" is all but their likelihood; torch computes
on one thread. The best of five runs counts, as other programs only ever slow one down.
"""

import argparse
import time
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from khala.audio.files import read_audio
from khala.models.recogniser.features import features
from khala.models.recogniser.network import Recogniser
from khala.music.phones import PHONES
from khala.scoring.ctc import ctc_log_likelihood
from khala.scoring.words import listen, recogniser
from khala.weights.names import RECOGNISER
from khala.weights.tensors import load_module

RUNS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("song", type=Path)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--phones", type=int, default=300)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    samples, rate = read_audio(arguments.song)
    samples = np.resize(samples.T, (round(arguments.seconds * rate), len(samples))).T.astype(np.float32)
    heard, found = features(samples), listen(samples, rate)
    network, model = recogniser().network, Recogniser().eval()
    load_module(Path(str(files("khala"))) / "data" / "listeners" / RECOGNISER, model)
    numbers = np.random.default_rng(0).integers(1, 1 + len(PHONES), arguments.phones)
    phones, target = [PHONES[number - 1] for number in numbers], torch.from_numpy(numbers)[None]
    lengths = torch.tensor([len(found.ctc)]), torch.tensor([len(phones)])
    with torch.inference_mode():
        batch, ctc_T1C = torch.from_numpy(heard)[None], torch.from_numpy(found.ctc)[:, None]
        wanted = model(batch)
        pairs = zip((found.ctc, found.frames), wanted, strict=True)
        difference = max(np.abs(head_TC - head_BTC[0].numpy()).max() for head_TC, head_BTC in pairs)
        print(f"listen      {best(lambda: listen(samples, rate)):7.1f} ms")
        print(f"features    {best(lambda: features(samples)):7.1f} ms")
        print(f"network     {best(lambda: network(heard)):7.1f} ms, in torch {best(lambda: model(batch)):.1f}")
        print(f"likelihood  {best(lambda: ctc_log_likelihood(found.ctc, phones)):7.1f} ms, in torch", end=" ")
        print(f"{best(lambda: F.ctc_loss(ctc_T1C, target, *lengths, reduction='sum')):.1f}")
        print(f"log probabilities differ by {difference:.1e} at most")


def best(run: Callable[[], object]) -> float:
    """Milliseconds of the calling thread's CPU, of the best of some runs."""
    times = []
    for _ in range(RUNS):
        began = time.thread_time()
        run()
        times.append(time.thread_time() - began)
    return 1e3 * min(times)


if __name__ == "__main__":
    main()
