"""A checkpoint folder, `iter_XXXXXXX` or `release`: its tensors, assembled from the chunks of many files."""

import json
import math
import re
from pathlib import Path
from typing import Any

from torch import Tensor

from khala.music.errors import ModelError
from khala.weights.published.archive import Archive, Stored
from khala.weights.published.megatron.metadata import Chunk, TensorEntry, read_metadata
from khala.weights.published.places import require_inside
from khala.weights.published.unpickle import Call

TRACKER = "latest_checkpointed_iteration.txt"
WHOLE_FILE_BYTES = 1 << 26
"""The largest file that is read at once."""


class Checkpoint:
    """A checkpoint in a folder such as `backbone/`, checked as far as possible without reading weights.

    `tensors` by name; `others`: names of stored states that are not tensors, never opened; `arguments`: those of the
    training; `iteration`; `per_layer`: layers are numbered tensors (True), stacked on a leading axis (False), or not
    stated (None). Raises ModelError for a folder that is incomplete, damaged or not to be trusted.
    """

    tensors: dict[str, TensorEntry]
    others: list[str]
    arguments: dict[str, Any]

    def __init__(self, folder: Path, root: Path) -> None:
        self.root, self.folder = root, _latest(folder, root)
        self._require_format()
        self.tensors, self.others = read_metadata(self._small(".metadata"), str(self.folder / ".metadata"))
        self._read_common()
        self._require_files()

    def read(self, name: str, into: Tensor, layer: int | None = None) -> None:
        """Read the first rows of a tensor, or of its `layer` if it is stacked, into `into`. Raises ModelError."""
        view = into if layer is None else into.unsqueeze(0)
        wanted = [(0, size) for size in view.shape]
        if layer is not None:
            wanted[0] = (layer, layer + 1)
        for chunk in self.tensors[name].chunks:
            if _overlap(chunk.box, wanted) is not None:
                self._read_chunk(name, chunk, view, wanted)

    def sources(self) -> list[Path]:
        """List the files that an import reads."""
        names = {chunk.file for entry in self.tensors.values() for chunk in entry.chunks}
        return [self.folder / name for name in sorted({".metadata", "common.pt", "metadata.json", *names})]

    def _read_chunk(self, name: str, chunk: Chunk, view: Tensor, wanted: list[tuple[int, int]]) -> None:
        entry, path = self.tensors[name], require_inside(self.root, self.folder / chunk.file)
        source = str(path)
        with Archive(path, source, chunk.offset, chunk.length) as archive:
            stored = archive.stored(archive.value(), name)
            if stored != Stored(stored.record, entry.dtype, chunk.shape, stored.first):
                raise ModelError(
                    f"{source}: a chunk of {name} is {stored.dtype} {list(stored.shape)}; "
                    f".metadata says {entry.dtype} {list(chunk.shape)}"
                )
            for row, block in archive.blocks(stored, name):
                box = [(start, start + size) for start, size in zip(chunk.start, block.shape, strict=True)]
                box[0] = (box[0][0] + row, box[0][1] + row)
                shared = _overlap(box, wanted)
                if shared is not None:
                    view[_slices(shared, wanted)] = block[_slices(shared, box)]

    def _require_format(self) -> None:
        try:
            kind = json.loads(self._small("metadata.json"))["sharded_backend"]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise ModelError(f"{self.folder / 'metadata.json'} is damaged; fetch the weights again") from None
        if kind != "torch_dist":
            raise ModelError(
                f"{self.folder} holds a checkpoint of the kind {str(kind)[:40]!r}; only torch_dist is supported"
            )

    def _read_common(self) -> None:
        path = require_inside(self.root, self.folder / "common.pt")
        with Archive(path, str(path)) as archive:
            common = archive.value()
        arguments = common.get("args") if isinstance(common, dict) else None
        if not isinstance(arguments, Call) or not isinstance(arguments.state, dict):
            raise ModelError(f"{path} holds no arguments of a training; fetch it again")
        self.arguments = arguments.state
        iteration = common.get("iteration")
        self.iteration = iteration if type(iteration) is int and 0 <= iteration < 1 << 62 else 0
        content = common.get("content_metadata")
        per_layer = content.get("singleton_local_shards") if isinstance(content, dict) else None
        self.per_layer = per_layer if isinstance(per_layer, bool) else None

    def _require_files(self) -> None:
        """Raise ModelError unless all chunks exist and are long enough, before memory is used for them."""
        sizes: dict[str, int] = {}
        for name, entry in self.tensors.items():
            for chunk in entry.chunks:
                path = self.folder / chunk.file
                if chunk.file not in sizes:
                    sizes[chunk.file] = require_inside(self.root, path).stat().st_size
                if chunk.offset + chunk.length > sizes[chunk.file]:
                    raise ModelError(f"{path} is truncated: the tensor {name} ends after its end; fetch it again")
                if math.prod(chunk.shape) * entry.dtype.itemsize > chunk.length:
                    raise ModelError(f"{path}: {chunk.length} bytes cannot hold {list(chunk.shape)} of {name}")

    def _small(self, name: str) -> bytes:
        path = require_inside(self.root, self.folder / name)
        if path.stat().st_size > WHOLE_FILE_BYTES:
            raise ModelError(f"{path} is too large for what it should be; fetch the weights again")
        try:
            return path.read_bytes()
        except OSError as error:
            raise ModelError(f"cannot read {path}: {error.strerror}") from None


def _latest(folder: Path, root: Path) -> Path:
    """Find the folder of the latest checkpoint, by the tracker file, or the only one there is."""
    tracker = folder / TRACKER
    if tracker.exists() or tracker.is_symlink():
        try:
            latest = require_inside(root, tracker).read_bytes()[:40].decode("ascii").strip()
        except (OSError, UnicodeDecodeError):
            latest = ""
        if latest != "release" and not re.fullmatch(r"\d{1,9}", latest):
            raise ModelError(f"{tracker} names no iteration; it must hold a number or the word release")
        name = latest if latest == "release" else f"iter_{int(latest):07d}"
    else:
        names = sorted(path.name for path in folder.iterdir() if re.fullmatch(r"iter_\d+|release", path.name))
        if len(names) != 1:
            raise ModelError(f"{folder} holds {len(names)} checkpoints and no {TRACKER} that names one of them")
        (name,) = names
    if not (folder / name).is_dir():
        raise ModelError(f"{folder / name} is missing; fetch the weights again")
    return folder / name


def _overlap(one: Any, other: Any) -> list[tuple[int, int]] | None:
    """Intersect two boxes; None if they are disjoint."""
    shared = [(max(a, c), min(b, d)) for (a, b), (c, d) in zip(one, other, strict=True)]
    return shared if all(first < last for first, last in shared) else None


def _slices(box: Any, origin: Any) -> tuple[slice, ...]:
    return tuple(slice(first - start, last - start) for (first, last), (start, _) in zip(box, origin, strict=True))
