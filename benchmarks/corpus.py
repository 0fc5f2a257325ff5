"""Is a corpus what its truth says? Key and mode by chroma, and how far the voice stands out of the songs.

    python benchmarks/corpus.py CORPUS

The key is the one of 24 whose profile (Krumhansl, "Cognitive Foundations of Musical Pitch", 1990) correlates best with
the song's mean chroma from 60 to 600 Hz. How the voice stands out is the level, between 300 and 4000 Hz, of the sung
seconds of the choruses against their unsung ones.
"""

import argparse
from pathlib import Path

import numpy as np
import soundfile

from khala.corpus.composer.render.effects import presence
from khala.corpus.data.manifest import CorpusSong, read_corpus

RATE, WINDOW = 44100, 16384
PROFILES = {
    "major": (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
    "minor": (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("corpus", type=Path)
    right, lifts = [], []
    for song in read_corpus(parser.parse_args().corpus):
        samples, _ = soundfile.read(song.audio, dtype="float32")
        heard, meant = key(samples.mean(1)), (song.truth["key"], song.truth["mode"])
        right.append(heard == meant)
        if not right[-1]:
            print(f"{song.seed} {song.style}: key {meant}, heard as {heard}")
        if song.vocal and (lift := voice_lift(samples.T, song)) is not None:
            lifts.append(lift)
    print(f"key and mode right in {sum(right)} of {len(right)} songs")
    if lifts:
        print(f"sung seconds of choruses over unsung ones: median {np.median(lifts):.1f} dB, least {min(lifts):.1f} dB")


def key(samples: np.ndarray) -> tuple[int, str]:
    """Tonic (0 = C) and mode of mono samples [n] at `RATE`."""
    hertz = np.fft.rfftfreq(WINDOW, 1 / RATE)
    inside = (hertz > 60) & (hertz < 600)
    classes = np.rint(12 * np.log2(hertz[inside] / 440) + 69).astype(int) % 12
    whole = samples[: len(samples) // WINDOW * WINDOW].reshape(-1, WINDOW)
    spectra = np.abs(np.fft.rfft(whole * np.hanning(WINDOW)))[:, inside]
    chroma = np.bincount(classes, (spectra / (spectra.sum(1, keepdims=True) + 1e-9)).sum(0), 12)
    fits = {
        (tonic, mode): np.corrcoef(np.roll(profile, tonic), chroma)[0, 1]
        for mode, profile in PROFILES.items()
        for tonic in range(12)
    }
    return max(fits, key=lambda name: fits[name])


def voice_lift(samples: np.ndarray, song: CorpusSong) -> float | None:
    """dB between the sung and the unsung time of a song's choruses [2, n]; None where one of them is missing."""
    power = (presence(samples) ** 2).sum(0)
    time = np.arange(len(power)) / RATE
    choruses = [(s["start"], s["end"]) for s in song.truth["sections"] if s["name"] == "chorus"]
    inside = np.any([(start <= time) & (time < end) for start, end in choruses], axis=0)
    sung = np.any([(start <= time) & (time < end) for start, end in song.truth["vocal"]], axis=0)
    if not (inside & sung).any() or not (inside & ~sung).any():
        return None
    return float(10 * np.log10(power[inside & sung].mean() / power[inside & ~sung].mean()))


if __name__ == "__main__":
    main()
