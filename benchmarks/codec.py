"""Quality of a codec: held-out corpus songs after 1, 2, 4 ... levels, compared with the originals.

    python benchmarks/codec.py CORPUS [--model mini | --codec FOLDER] [--levels 2,8,64] [--songs 20] [--seconds 10]
        [--voices 10] [--visqol] [--use] [--picture FILE.png]

There are two columns of log-mel L1: "codes" is the loss of projection and codes, before the vocoder (of a spectral
codec); "sound" is measured on the decoded samples. "CPU s" is processor time of decoding per second. Held-out songs,
one in fifty by name, are in no training. `--seconds` takes only that much from the middle of each.

`--visqol` adds what listeners would say, from 1 to 5, by ViSQOL in its audio mode (Chinen et al. 2020), which needs
`pip install 'khala-music[visqol]'`. `--use` tells, level by level, which share of the codes occurs in these songs and
the perplexity of their distribution. `--picture` draws the spectra of the first song before and after all levels.

`--voices` also renders that many songs of other seeds with one voice and no band, and reports the phone error rate of
the recogniser of `khala evaluate` before and after the codec.
"""

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import count, islice
from pathlib import Path

import numpy as np
import torch

from khala.audio.files import read_audio
from khala.audio.resample import resample
from khala.corpus.composer.compose import LEXICON, compose
from khala.corpus.composer.render import render_score
from khala.corpus.composer.score import Mix
from khala.corpus.composer.voice import VoiceBank
from khala.evaluation.error_rate import transcript
from khala.evaluation.reconstruction import log_mel_l1, multi_resolution_stft, si_sdr
from khala.models.codec.base import Codec
from khala.models.codec.folder import load_codec
from khala.models.codec.spectral.codec import SpectralCodec
from khala.music.distance import edit_distance
from khala.scoring.words import listen
from khala.training.reconstruction import codebook_use
from khala.training.songs import find_songs
from khala.weights import load_model

COLUMNS = "levels  kbit/s  log-mel L1 (codes)  log-mel L1 (sound)  multi-resolution STFT  SI-SDR dB  CPU s"
VISQOL_RATE = 48000
"""Sample rate in Hz of ViSQOL's audio mode."""


@torch.inference_mode()
def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--model", default="mini")
    parser.add_argument("--codec", type=Path, help="a codec's own folder, instead of a model")
    parser.add_argument("--levels", default="1,2,4,8,16,32,64")
    parser.add_argument("--songs", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=0, help="seconds of each song; 0: all")
    parser.add_argument("--voices", type=int, default=0, help="songs with one voice and no band")
    parser.add_argument("--visqol", action="store_true", help="ask ViSQOL, too")
    parser.add_argument("--use", action="store_true", help="tell how the codebooks are used")
    parser.add_argument("--picture", type=Path, help="draw the spectra of a song before and after")
    arguments = parser.parse_args()
    codec: Codec = load_codec(arguments.codec) if arguments.codec else load_model(arguments.model).codec
    read = (read_audio(path) for path in islice(find_songs(arguments.corpus)[1], arguments.songs))
    songs = [resample(samples, rate, codec.sample_rate) for samples, rate in read]
    if arguments.seconds:
        songs = [middle(song, round(arguments.seconds * codec.sample_rate)) for song in songs]
    total = sum(song.shape[1] for song in songs) / codec.sample_rate
    judge = visqol() if arguments.visqol else None
    print(f"{len(songs)} held-out songs, {total / 60:.1f} minutes\n{COLUMNS}{'  ViSQOL' if judge else ''}")
    encoded = [codec.encode(torch.from_numpy(song)[None]) for song in songs]
    for levels in (int(text) for text in arguments.levels.split(",")):
        found, used = [], 0.0
        for song, codes in zip(songs, encoded, strict=True):
            start = time.process_time()
            decoded = codec.decode(codes[:, :levels])[0].numpy()
            used += time.process_time() - start
            coded = code_loss(codec, song, codes[:, :levels]) if isinstance(codec, SpectralCodec) else np.nan
            heard = judge(song, decoded, codec.sample_rate) if judge else np.nan
            mel = log_mel_l1(song, decoded, codec.sample_rate)
            found.append((coded, mel, multi_resolution_stft(song, decoded), si_sdr(song, decoded), heard))
        means = np.mean(found, axis=0)
        rate = levels * np.log2(codec.codebooks.shape[1]) * codec.sample_rate / codec.hop / 1000
        values = f"{means[0]:19.3f} {means[1]:19.3f} {means[2]:22.3f} {means[3]:10.1f} {used / total:6.2f}"
        print(f"{levels:6} {rate:7.2f} {values}{f' {means[4]:7.2f}' if judge else ''}", flush=True)
    if arguments.use:
        used, perplexity = codebook_use(torch.cat([codes[0] for codes in encoded], dim=1), codec.codebooks.shape[1])
        for level, (share, spread) in enumerate(zip(used.tolist(), perplexity.tolist(), strict=True), 1):
            print(f"level {level:2}: {share:6.1%} of its codes occur, perplexity {spread:.0f}")
    if arguments.picture:
        draw(songs[0], codec.decode(encoded[0])[0].numpy(), codec.sample_rate, arguments.picture)
    if arguments.voices:
        sung = list(islice(voices(), arguments.voices))
        rates = {"no codec": phone_error_rate(sung)}
        for levels in (int(text) for text in arguments.levels.split(",")):
            decoded = [codec.decode(codec.encode(torch.from_numpy(song)[None], levels))[0].numpy() for song, _ in sung]
            rates[f"{levels} levels"] = phone_error_rate(
                list(zip(decoded, (phones for _, phones in sung), strict=True))
            )
        print("phone error rate of dry voices: " + ", ".join(f"{name} {rate:.1%}" for name, rate in rates.items()))


def visqol() -> Callable[[np.ndarray, np.ndarray, int], float]:
    """Return the judgement of ViSQOL on (original, decoded, rate in Hz), of the mean of the channels, from 1 to 5."""
    try:
        from visqol import VisqolApi
    except ImportError:
        raise SystemExit("ViSQOL is not installed: pip install 'khala-music[visqol]'") from None
    api = VisqolApi()
    api.create(mode="audio")

    def judge(song: np.ndarray, decoded: np.ndarray, rate: int) -> float:
        length = min(song.shape[1], decoded.shape[1])
        before, after = (resample(x[:, :length].mean(0)[None], rate, VISQOL_RATE)[0] for x in (song, decoded))
        found = api.measure_from_arrays(before.astype(np.float64), after.astype(np.float64), sample_rate=VISQOL_RATE)
        return float(found.moslqo)

    return judge


def draw(song: np.ndarray, decoded: np.ndarray, rate: int, path: Path) -> None:
    """Draw the spectra of the mean of the channels, original above, decoded below."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(2, 1, figsize=(10, 7), sharex=True)
    for axis, name, samples in zip(axes, ("original", "decoded"), (song, decoded), strict=True):
        axis.specgram(samples.mean(0) + 1e-8, NFFT=2048, Fs=rate, noverlap=1536, scale="dB", vmin=-140, vmax=-40)
        axis.set(title=name, ylabel="Hz", ylim=(0, rate / 2))
    axes[-1].set_xlabel("s")
    figure.tight_layout()
    figure.savefig(path)


def voices() -> Iterator[tuple[np.ndarray, list[str]]]:
    """Yield songs of seeds outside of any corpus, sung by one dry voice alone, and their phones."""
    for score in map(compose, count(90_000_000)):
        if score.voice and score.seconds < 30:
            lines = tuple(replace(line, harmony=()) for line in score.lines if not line.answer)
            alone = render_score(replace(score, parts=(), lines=lines, mix=Mix(room="booth")), VoiceBank(LEXICON))
            yield alone.samples, [phone["phone"].upper() for phone in alone.truth["phones"]]


def phone_error_rate(songs: Sequence[tuple[np.ndarray, list[str]]]) -> float:
    """Return edits per phone over all songs."""
    wrong = sum(edit_distance(transcript(listen(samples, 44100)), phones) for samples, phones in songs)
    return wrong / sum(len(phones) for _, phones in songs)


def middle(song: np.ndarray, samples: int) -> np.ndarray:
    """Return that many samples from the middle of a song [2, N], or all if it is shorter."""
    start = max(song.shape[1] - samples, 0) // 2
    return song[:, start : start + samples]


def code_loss(codec: SpectralCodec, song: np.ndarray, codes: torch.Tensor) -> float:
    """Return the log-mel L1 of mid and side between a song and its codes, before the vocoder."""
    original = codec.analysis(torch.from_numpy(song)[None])
    coded = codec.to_features(codec.quantizer.decode(codes).transpose(1, 2))
    mid, side, *_ = codec.analysis.widths
    return float((original - coded)[..., : mid + side].abs().mean())


if __name__ == "__main__":
    main()
