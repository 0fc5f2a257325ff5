"""Token shards: every song of a corpus encoded by the codec, with its lyrics and outline beside the codes.

A tokens folder holds `codebooks.safetensors` (the codec's, without which the codes mean nothing) and pairs of
`shard-0000.safetensors` (`codes.<seed>`, int16 [levels, frames]; `phones.<seed>`, uint8 [frames]: see `sung_phones`)
and `shard-0000.jsonl` (one line per song: `TokenSong`). The .jsonl is renamed into place last: a shard without it does
not exist, and an interrupted run continues where it stopped.
"""

import json
import multiprocessing
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from khala.audio.files import read_audio
from khala.corpus.data.frames import form_fields, sung_lines, sung_phones
from khala.corpus.data.manifest import CorpusSong, read_corpus
from khala.models.codec.folder import load_codec
from khala.music.errors import InvalidRequest


def tokenize(
    corpus: Path,
    codec: Path,
    out: Path,
    *,
    processes: int = 1,
    songs_per_shard: int = 64,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Encode the songs of `corpus` that `out` does not hold yet with the codec of the folder `codec`.

    `progress` is called with songs done and songs in all. Returns the number of songs encoded. Raises InvalidRequest if
    `out` was made by another codec, CorpusError without songs, ModelError for a broken codec.
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
    """Return the codebooks [levels, codes, width] of a tokens folder. Raises InvalidRequest if it has none."""
    path = tokens / "codebooks.safetensors"
    if not path.exists():
        raise InvalidRequest(f"{tokens} holds no tokens; make them with: khala corpus tokenize")
    return load_file(path)["codebooks"]


def _executor(processes: int) -> Executor:
    """Return a pool of processes with one torch thread each, or, for a single process, one thread of this one."""
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


def _shard(songs: list[CorpusSong], codec_folder: Path, out: Path, number: int) -> int:
    """Encode songs and write them as one shard; return their number."""
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
        entry = {
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
            "singer": song.truth.get("singer", ""),
            "lines": sung_lines(song.truth, codes_QT.shape[1], frame_rate),
            **form_fields(song.truth, frame_rate),
        }
        lines.append(json.dumps(entry, ensure_ascii=False) + "\n")
    shard, index = out / f"shard-{number:04d}.safetensors", out / f"shard-{number:04d}.jsonl"
    save_file(tensors, shard.with_suffix(".part"))
    shard.with_suffix(".part").rename(shard)
    index.with_suffix(".part").write_text("".join(lines), encoding="utf-8")
    index.with_suffix(".part").rename(index)
    return len(songs)
