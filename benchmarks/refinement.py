"""What super-resolution adds to two levels, by how its codes are chosen: held-out songs, their own first two levels.

    python benchmarks/refinement.py TOKENS [--model mini] [--songs 4] [NAME=VALUE[,NAME=VALUE]] ...

    python benchmarks/refinement.py runs/mini/tokens guidance=1 guidance=4 superres_top_k=1 superres_temperature=0.7
    python benchmarks/refinement.py runs/mini/tokens --frames 700 1292 --trained windows=none windows=512/32/32/216

Each setting is of the request's sampling, the model's own otherwise; "windows" are none, so that a pass is over the
whole song, or how many frames a window reads, how many before those it decides, how many behind, and how many the first
one reads. TOKENS is a folder of token shards that the model's codec made; its songs tell what is sung, so that the
backbone has no part in this. `--trained` takes songs that are not held out, too, for a model that has not seen these.
Figures are means over songs: "error" is the squared distance to the song's own latents, as a share of their variance,
in frames with singing; "mel" is the mean distance of log-mel bands; "phones" what the recogniser gets wrong of them.
"""

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch

import khala
from khala.conditioning.phone_sequence import REST, without_phones
from khala.corpus.data.songs import TokenCorpus, TokenSong
from khala.engine.pytorch.refine import refine
from khala.engine.pytorch.synthesis import synthesise
from khala.evaluation.error_rate import error_rate, transcript
from khala.models.codec.spectral.codec import SpectralCodec
from khala.models.lm.refine_input import RefineInput
from khala.models.lm.windows import Windows
from khala.music.prompt import superres_prompt
from khala.music.request import Sampling, SongRequest
from khala.scoring.words import listen, phones_of


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("tokens", type=Path)
    parser.add_argument("settings", nargs="*", default=["guidance=1", "guidance=4"], metavar="NAME=VALUE")
    parser.add_argument("--model", default="mini")
    parser.add_argument("--songs", type=int, default=4)
    parser.add_argument("--frames", type=int, nargs=2, default=[0, 700], help="shortest and longest song")
    parser.add_argument("--trained", action="store_true")
    arguments = parser.parse_intermixed_args()
    pipe, corpus = khala.load(arguments.model, engine="torch"), TokenCorpus(arguments.tokens)
    songs = [*corpus.held_out, *(corpus.train if arguments.trained else ())]
    songs = [song for song in songs if song.voice and song.lines and song.frames in range(*arguments.frames)]
    songs = songs[: arguments.songs]
    columns: dict[str, Callable[[TokenSong, np.ndarray], np.ndarray]] = {
        "2 levels": lambda _, codes: codes[:2],
        "8 levels": lambda _, codes: codes[:8],
        "all levels": lambda _, codes: codes,
    }
    for text in arguments.settings:
        pairs = dict(pair.split("=") for pair in text.split(","))
        parts = pairs.pop("windows", "none")
        windows = None if parts == "none" else Windows(*map(int, parts.split("/")))
        values = {name: (int if name.endswith("top_k") else float)(value) for name, value in pairs.items()}
        sampling = pipe.config.sampling.with_changes(**values)
        columns[text] = partial(refined, pipe, corpus, sampling, windows)
    print("| | error | mel | phones |\n|---|---|---|---|", flush=True)
    for name, make in columns.items():
        figures = [measured(pipe, corpus, song, make) for song in songs]
        error, mel, phones = np.mean(figures, axis=0)
        print(f"| {name} | {error:.3f} | {mel:.3f} | {100 * phones:.0f} % |", flush=True)


def refined(
    pipe: khala.Pipeline,
    corpus: TokenCorpus,
    sampling: Sampling,
    windows: Windows | None,
    song: TokenSong,
    codes: np.ndarray,
) -> np.ndarray:
    """All levels, from the first two and what is sung."""
    request = SongRequest(tags=song.tags, lyrics=song.lyrics, duration=song.duration)
    ids = pipe.engine.loaded.tokenizer.encode(superres_prompt(request, pipe.config.prompt))
    rows = corpus.condition_ids(song, song.outline, 0, song.frames)[:-1]
    draft = RefineInput(ids, codes[:2], 1, sampling, np.array(rows), np.array(without_phones(rows)))
    (found,) = refine(pipe.engine.loaded.superres, [draft], pipe.engine.loaded.codebooks, windows=windows)
    return found


def measured(
    pipe: khala.Pipeline,
    corpus: TokenCorpus,
    song: TokenSong,
    make: Callable[[TokenSong, np.ndarray], np.ndarray],
) -> tuple[float, float, float]:
    """Error, mel distance, share of wrong phones."""
    codec = pipe.engine.loaded.codec
    assert isinstance(codec, SpectralCodec)
    whole = corpus.codes(song, pipe.config.codec.levels)
    codes = make(song, whole)
    true_TD, found_TD = (_latents(pipe.engine.loaded.codebooks.float(), one) for one in (whole, codes))
    sung = torch.from_numpy(corpus.phones(song, 0, song.frames) < REST)
    error = (found_TD - true_TD)[sung].square().sum() / (true_TD - true_TD.mean(0))[sung].square().sum()
    mel = (codec.to_features(found_TD) - codec.to_features(true_TD)).abs().mean()
    heard = transcript(listen(synthesise(codec, codes), pipe.config.codec.sample_rate))
    return float(error), float(mel), error_rate(heard, phones_of(song.lyrics))


def _latents(codebooks_QCD: torch.Tensor, codes_QT: np.ndarray) -> torch.Tensor:
    """The sum of the codes' vectors, [T, D]."""
    levels = enumerate(torch.from_numpy(codes_QT.astype(np.int64)))
    return torch.stack([codebooks_QCD[level][codes_T] for level, codes_T in levels]).sum(0)


if __name__ == "__main__":
    with torch.inference_mode():
        main()
