"""Songs to tokens: every song of a corpus through the codec, into shards of safetensors with the words beside them.

A tokens folder holds `codebooks.safetensors` (the codec's, for the codes mean nothing without them) and pairs of
`shard-0000.safetensors` (`codes.<seed>`, int16 [levels, frames]; `phones.<seed>`, uint8 [frames]: see `sung_phones`)
and `shard-0000.jsonl` (a line a song: `TokenSong`). The .jsonl is renamed into place last: a shard without it does not
exist, and a killed run goes on where it was.
"""

import json
import math
import multiprocessing
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from khala.audio.files import read_audio
from khala.conditioning.phone_sequence import REST, UNKNOWN_PHONE
from khala.corpus.data.manifest import Song, read_corpus
from khala.models.codec.folder import load_codec
from khala.music.errors import InvalidRequest
from khala.music.phones import PHONES

MINOR = ("min", "dim")
"""How the names of chords with a minor third begin."""
NO_CHORD = 24
"""Stands where no chord is played; 0..11 are those with a major third over C..B (or none), 12..23 those with a minor
one."""
Progress = Callable[[int, int], None]
"""Called with songs done and songs in all."""


def tokenize(
    corpus: Path,
    codec: Path,
    out: Path,
    *,
    processes: int = 1,
    songs_per_shard: int = 64,
    progress: Progress | None = None,
) -> int:
    """Encode the songs of `corpus` that `out` does not hold yet with the codec of the folder `codec`, and count them.

    Raises InvalidRequest if `out` was made by another codec, CorpusError without songs, ModelError for a broken codec.
    """
    songs = list(read_corpus(corpus))
    out.mkdir(parents=True, exist_ok=True)
    _claim(out, load_codec(codec).codebooks)
    done = {
        json.loads(line)["seed"]
        for index in out.glob("shard-*.jsonl")
        for line in index.read_text("utf-8").splitlines()
    }
    left = [song for song in songs if song.seed not in done]
    first = max((int(index.stem[6:]) for index in out.glob("shard-*.jsonl")), default=-1) + 1
    shards = [left[begin : begin + songs_per_shard] for begin in range(0, len(left), songs_per_shard)]
    finished = 0
    with _executor(min(processes, len(shards))) as pool:
        jobs = [pool.submit(_shard, songs, codec, out, first + number) for number, songs in enumerate(shards)]
        for job in as_completed(jobs):
            finished += job.result()
            if progress:
                progress(finished, len(left))
    return finished


def codebooks(tokens: Path) -> torch.Tensor:
    """The codebooks [levels, codes, width] that the codes of a tokens folder refer to."""
    path = tokens / "codebooks.safetensors"
    if not path.exists():
        raise InvalidRequest(f"{tokens} holds no tokens; make them with: khala corpus tokenize")
    return load_file(path)["codebooks"]


def sung_lines(truth: dict[str, Any], frames: int, rate: float) -> list[tuple[int, int, str, str]]:
    """The lines of lyrics that are sung, in time order: first frame, the frame after the last, section, text.

    A line lasts as long as its words, or as it says itself where their times are not known."""
    lines = []
    for number, line in enumerate(truth.get("lines", ())):
        heard = [line] if "start" in line else [word for word in truth["words"] if word["line"] == number]
        if heard:
            begin = max(int(min(one["start"] for one in heard) * rate), 0)
            end = min(math.ceil(max(one["end"] for one in heard) * rate), frames)
            lines.append((begin, end, truth["sections"][line["section"]]["name"], line["text"]))
    return sorted(lines)


def sung_phones(truth: dict[str, Any], vocal: bool, frames: int, rate: float) -> torch.Tensor:
    """What is sung in the middle of every frame, uint8 [frames]: the place of the phone in `music.phones.PHONES`, or
    `REST`; all `UNKNOWN_PHONE` if the truth does not hold the phones of what is sung. Where two voices sing different words
    it is the later one's."""
    sung = torch.full((frames,), REST if "phones" in truth or not vocal else UNKNOWN_PHONE, dtype=torch.uint8)
    for phone in truth.get("phones", ()):
        begin, end = (max(math.ceil(phone[edge] * rate - 0.5), 0) for edge in ("start", "end"))
        sung[begin:end] = PHONES.index(phone["phone"].upper())
    return sung


def form(truth: dict[str, Any], rate: float) -> dict[str, Any]:
    """What `conditioning.outline` tells of a song, as far as the truth knows it: bar, beats, key and parts, in frames;
    and the chords."""
    known: dict[str, Any] = {}
    if "frames_per_bar" in truth:
        known |= {"bar": truth["frames_per_bar"], "beats": truth["beats_per_bar"]}
    if "key" in truth:
        known["key"] = truth["key"] + 12 * (truth["mode"] == "minor")
    parts = truth.get("sections", ())
    edges = [(round(part["start"] * rate), round(part["end"] * rate), part["name"]) for part in parts]
    if "chords" in truth:
        known["chords"] = [
            (round(one["start"] * rate), round(one["end"] * rate), one["root"] + 12 * one["quality"].startswith(MINOR))
            for one in truth["chords"]
        ]
    return known | {"parts": edges}


def _executor(processes: int) -> Executor:
    """Processes with a thread each, for torch's threads would only get in each other's way; one needs no process."""
    if processes < 2:
        return ThreadPoolExecutor(1)
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(processes, mp_context=context, initializer=torch.set_num_threads, initargs=(1,))


def _claim(out: Path, codebooks_QCD: torch.Tensor) -> None:
    path = out / "codebooks.safetensors"
    if not path.exists():
        draft = path.with_suffix(".part")
        save_file({"codebooks": codebooks_QCD.detach().float().contiguous()}, draft)
        draft.rename(path)
    elif not torch.equal(load_file(path)["codebooks"], codebooks_QCD.float()):
        raise InvalidRequest(
            f"the tokens in {out} were made by another codec; choose another folder or remove that one"
        )


def _shard(songs: list[Song], codec_folder: Path, out: Path, number: int) -> int:
    """Encode songs and write them as one shard; returns their number."""
    codec = load_codec(codec_folder)
    frame_rate = codec.sample_rate / codec.hop
    tensors, lines = {}, []
    for song in songs:
        samples, rate = read_audio(song.audio)
        if rate != codec.sample_rate:
            raise InvalidRequest(f"{song.audio} is at {rate} Hz; the codec needs {codec.sample_rate}")
        with torch.inference_mode():
            codes_QT = codec.encode(torch.from_numpy(samples)[None])[0]
        tensors[f"codes.{song.seed}"] = codes_QT.to(torch.int16).contiguous()
        tensors[f"phones.{song.seed}"] = sung_phones(song.truth, bool(song.vocal), codes_QT.shape[1], frame_rate)
        words = {
            "seed": song.seed,
            "name": song.audio.stem,
            "frames": codes_QT.shape[1],
            "tags": song.tags,
            "description": song.description,
            "lyrics": song.lyrics,
            "duration": song.duration,
            "voice": song.vocal,
            "bpm": song.truth.get("bpm", 0.0),
            "style": song.style,
            "lines": sung_lines(song.truth, codes_QT.shape[1], frame_rate),
            **form(song.truth, frame_rate),
        }
        lines.append(json.dumps(words, ensure_ascii=False) + "\n")
    shard, index = out / f"shard-{number:04d}.safetensors", out / f"shard-{number:04d}.jsonl"
    save_file(tensors, shard.with_suffix(".part"))
    shard.with_suffix(".part").rename(shard)
    index.with_suffix(".part").write_text("".join(lines), encoding="utf-8")
    index.with_suffix(".part").rename(index)
    return len(songs)
