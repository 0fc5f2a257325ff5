"""Token shards: every song of a corpus encoded by the codec, with its lyrics and outline beside the codes.

A tokens folder, which may be the URL of one (`storage`), holds `codebooks.safetensors` (the codec's, without which the
codes mean nothing) and pairs of `shard-0000.safetensors` (`shard_file`) and `shard-0000.jsonl` (one line per song:
`TokenSong`). The .jsonl is written last: a shard without it does not exist, and an interrupted run continues where it
stopped.
"""

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from khala.audio.files import read_audio
from khala.audio.resample import resample
from khala.corpus.data.frames import form_fields, sung_lines, sung_phones
from khala.corpus.data.manifest import CorpusSong, read_corpus
from khala.corpus.data.pool import process_pool
from khala.corpus.data.shard_file import ShardSong, shard_bytes
from khala.corpus.data.storage import Place, Storage
from khala.engine.pytorch.device import choose_device
from khala.engine.pytorch.encoding import encode
from khala.models.codec.base import Codec
from khala.models.codec.folder import WEIGHTS, load_codec
from khala.music.errors import InvalidRequest
from khala.weights.loading import load_codec as load_codec_of
from khala.weights.names import CODEC
from khala.weights.opening import open_model

CODEBOOKS = "codebooks.safetensors"


def tokenize(
    corpus: Path,
    codec: str | Path,
    out: Place,
    *,
    device: str = "auto",
    processes: int = 1,
    songs_per_shard: int = 64,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Encode the songs of `corpus` that `out` does not hold yet with a codec (`open_codec`) on a device.

    `progress` is called with songs done and songs in all. Returns the number of songs encoded. Raises InvalidRequest if
    `out` was made by another codec, CorpusError without songs, ModelError for a broken codec.
    """
    songs = list(read_corpus(corpus))
    storage = Storage(out)
    claim(out, open_codec(codec, device).codebooks)
    indexes = storage.names("shard-*.jsonl")
    done = {json.loads(line)["seed"] for index in indexes for line in storage.read(index).splitlines()}
    left = [song for song in songs if song.seed not in done]
    first = max((int(index[6:].removesuffix(".jsonl")) for index in indexes), default=-1) + 1
    shards = [left[begin : begin + songs_per_shard] for begin in range(0, len(left), songs_per_shard)]
    finished = 0
    processes = min(processes, len(shards))
    with process_pool(processes) if processes > 1 else ThreadPoolExecutor(1) as pool:
        jobs = [pool.submit(_shard, songs, codec, device, out, first + number) for number, songs in enumerate(shards)]
        for job in as_completed(jobs):
            finished += job.result()
            if progress:
                progress(finished, len(left))
    return finished


def codebooks(tokens: Place) -> torch.Tensor:
    """Return the codebooks [levels, codes, width] of a tokens folder. Raises InvalidRequest if it has none."""
    storage = Storage(tokens)
    if not storage.exists(CODEBOOKS):
        raise InvalidRequest(f"{tokens} holds no tokens; make them with: khala corpus tokenize")
    try:
        return load(storage.read(CODEBOOKS))["codebooks"]
    except (SafetensorError, KeyError) as error:
        raise InvalidRequest(f"cannot read {tokens}/{CODEBOOKS}: {error}") from error


def open_codec(place: str | Path, device: str = "cpu") -> Codec:
    """Load the codec of a folder that `khala train codec` made, or of a model by its name, folder or hub id, onto a
    device (`choose_device`). Raises ModelError, and InvalidRequest for a device that is not there."""
    chosen = choose_device(device)
    folder = Path(place)
    if (folder / WEIGHTS).exists() or (folder.is_dir() and not (folder / CODEC).exists()):
        return load_codec(folder).to(chosen)
    return load_codec_of(open_model(place), chosen)


def claim(out: Place, codebooks_QCD: torch.Tensor) -> None:
    """Keep a codec's codebooks in a tokens folder. Raises InvalidRequest if it has those of another."""
    storage = Storage(out)
    ours_QCD = codebooks_QCD.detach().float().cpu().contiguous()
    if not storage.exists(CODEBOOKS):
        storage.write(CODEBOOKS, save({"codebooks": ours_QCD}))
    elif not torch.equal(codebooks(storage.place), ours_QCD):
        raise InvalidRequest(
            f"the tokens in {storage.place} were made by another codec; choose another folder or remove that one"
        )


def _shard(songs: list[CorpusSong], codec_place: str | Path, device: str, out: Place, number: int) -> int:
    """Encode songs and write them as one shard; return their number."""
    codec = open_codec(codec_place, device)
    frame_rate = codec.sample_rate / codec.hop
    encoded, lines = [], []
    for song in songs:
        codes_QT = encode(codec, resample(*read_audio(song.audio), codec.sample_rate))
        phones_T = sung_phones(song.truth, bool(song.vocal), codes_QT.shape[1], frame_rate)
        encoded.append(ShardSong(song.seed, codes_QT, phones_T.numpy()))
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
    write_shard(out, number, encoded, codec.codebooks.shape[1], lines)
    return len(songs)


def write_shard(out: Place, number: int, songs: list[ShardSong], codebook: int, lines: Sequence[str]) -> None:
    """Write a shard of songs, whose codes are below `codebook`, the lines last."""
    storage = Storage(out)
    storage.write(f"shard-{number:04d}.safetensors", shard_bytes(songs, codebook))
    storage.write(f"shard-{number:04d}.jsonl", "".join(lines).encode())
