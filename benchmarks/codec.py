"""What a codec loses: held-out corpus songs through 1, 2, 4 ... levels, compared with themselves.

    python benchmarks/codec.py CORPUS [--model mini | --codec FOLDER] [--levels 2,8,64] [--songs 20] [--seconds 10]
        [--voices 10]

Two columns of log-mel L1: "codes" is what projection and codes lose (before the vocoder), "sound" is measured on the
decoded samples; "CPU s" is processor time of decoding a second. Held out are songs that no training has seen: one in
fifty, chosen by name. With `--seconds`, so much from the middle of each.

With `--voices`, so many songs of other seeds are sung as well, by one voice without a band, and the recogniser of
`khala evaluate` writes down what it hears before the codec and after it: the share of phones that are wrong.
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count, islice
from pathlib import Path

import numpy as np
import torch

from khala.audio.files import read_audio
from khala.corpus.composer.compose import LEXICON, compose
from khala.corpus.composer.render import render
from khala.corpus.composer.score import Mix
from khala.corpus.composer.voice import VoiceBank
from khala.evaluation.error_rate import transcript
from khala.evaluation.reconstruction import log_mel_l1, multi_resolution_stft, si_sdr
from khala.models.codec.base import Codec
from khala.models.codec.folder import load_codec
from khala.models.codec.spectral.codec import SpectralCodec
from khala.music.distance import edits
from khala.scoring.words import listen
from khala.training.codec.songs import find_songs
from khala.weights import load_model

COLUMNS = "levels  kbit/s  log-mel L1 (codes)  log-mel L1 (sound)  multi-resolution STFT  SI-SDR dB  CPU s"


@torch.inference_mode()
def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--model", default="mini")
    parser.add_argument("--codec", type=Path, help="a codec's own folder, instead of a model")
    parser.add_argument("--levels", default="1,2,4,8,16,32,64")
    parser.add_argument("--songs", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=0, help="of each song; 0: all of it")
    parser.add_argument("--voices", type=int, default=0, help="voices without a band that are listened to")
    arguments = parser.parse_args()
    codec: Codec = load_codec(arguments.codec) if arguments.codec else load_model(arguments.model).codec
    songs = [read_audio(path)[0] for path in islice(find_songs(arguments.corpus)[1], arguments.songs)]
    if arguments.seconds:
        songs = [middle(song, round(arguments.seconds * codec.sample_rate)) for song in songs]
    total = sum(song.shape[1] for song in songs) / codec.sample_rate
    print(f"{len(songs)} held-out songs, {total / 60:.1f} minutes\n{COLUMNS}")
    encoded = [codec.encode(torch.from_numpy(song)[None]) for song in songs]
    for levels in (int(text) for text in arguments.levels.split(",")):
        found, used = [], 0.0
        for song, codes in zip(songs, encoded, strict=True):
            start = time.process_time()
            decoded = codec.decode(codes[:, :levels])[0].numpy()
            used += time.process_time() - start
            coded = lost_in_codes(codec, song, codes[:, :levels]) if isinstance(codec, SpectralCodec) else np.nan
            found.append(
                (coded, log_mel_l1(song, decoded), multi_resolution_stft(song, decoded), si_sdr(song, decoded))
            )
        means = np.mean(found, axis=0)
        rate = levels * np.log2(codec.codebooks.shape[1]) * codec.sample_rate / codec.hop / 1000
        values = f"{means[0]:19.3f} {means[1]:19.3f} {means[2]:22.3f} {means[3]:10.1f} {used / total:6.2f}"
        print(f"{levels:6} {rate:7.2f} {values}", flush=True)
    if arguments.voices:
        sung = list(islice(voices(), arguments.voices))
        rates = {"no codec": wrong_phones(sung)}
        for levels in (int(text) for text in arguments.levels.split(",")):
            heard = [codec.decode(codec.encode(torch.from_numpy(song)[None], levels))[0].numpy() for song, _ in sung]
            rates[f"{levels} levels"] = wrong_phones(list(zip(heard, (phones for _, phones in sung), strict=True)))
        print("wrong phones of dry voices: " + ", ".join(f"{name} {rate:.1%}" for name, rate in rates.items()))


def voices() -> Iterator[tuple[np.ndarray, list[str]]]:
    """Songs of seeds that no corpus holds, sung by one voice alone in a booth, and their phones."""
    for score in map(compose, count(90_000_000)):
        if score.voice and score.seconds < 30:
            lines = tuple(replace(line, harmony=()) for line in score.lines if not line.answer)
            alone = render(replace(score, parts=(), lines=lines, mix=Mix(room="booth")), VoiceBank(LEXICON))
            yield alone.samples, [phone["phone"].upper() for phone in alone.truth["phones"]]


def wrong_phones(songs: Sequence[tuple[np.ndarray, list[str]]]) -> float:
    """Edits per phone over all songs."""
    wrong = sum(edits(transcript(listen(samples, 44100)), phones) for samples, phones in songs)
    return wrong / sum(len(phones) for _, phones in songs)


def middle(song: np.ndarray, samples: int) -> np.ndarray:
    """So many samples from the middle of a song [2, N], or all if it is shorter."""
    start = max(song.shape[1] - samples, 0) // 2
    return song[:, start : start + samples]


def lost_in_codes(codec: SpectralCodec, song: np.ndarray, codes: torch.Tensor) -> float:
    """Log-mel L1 between the spectra of a song and those that its codes stand for, mid and side."""
    heard = codec.analysis(torch.from_numpy(song)[None])
    meant = codec.to_features(codec.quantizer.decode(codes).transpose(1, 2))
    mid, side, *_ = codec.analysis.widths
    return float((heard - meant)[..., : mid + side].abs().mean())


if __name__ == "__main__":
    main()
