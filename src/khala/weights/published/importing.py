"""Importing published weights: writes a model folder, tensor by tensor, whole or not at all.

Finished files are kept next to the destination until all are finished, so an interrupted import continues when it is
run again.
"""

import hashlib
import json
import math
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from importlib.resources import files
from pathlib import Path
from string import Template

import torch
from torch import Tensor

from khala.audio.replacing import replacing
from khala.models.config import ModelConfig
from khala.music.errors import KhalaError, ModelError, OutputError
from khala.music.progress import Progress, silent
from khala.weights.digests import write_digests
from khala.weights.names import BACKBONE, CODEC, DIGESTED, SUPERRES
from khala.weights.published.contents import ImportOptions, Published
from khala.weights.published.megatron import naming
from khala.weights.saving import replace_model, require_free, write_metadata
from khala.weights.tensors import stream_tensors

_STAMP = "import"


@dataclass(frozen=True)
class _Part:
    """A file to write: its tensors, and a function that makes them."""

    file: str
    tensors: dict[str, tuple[torch.dtype, tuple[int, ...]]]
    make: Callable[[str], Tensor]

    @property
    def size(self) -> int:
        return sum(dtype.itemsize * math.prod(shape) for dtype, shape in self.tensors.values())


def import_published(
    folder: Path,
    to: Path,
    options: ImportOptions | None = None,
    progress: Progress = silent,
) -> list[str]:
    """Write the model folder `to`; returns a report of what was used, ignored and decided, line by line.

    Raises ModelError if the folder is incomplete, damaged or not to be trusted; InvalidRequest if an option is missing
    or wrong; OutputError if `to` cannot be written. Nothing is written before all names, shapes and sizes are checked,
    and nothing is left if a number turns out to be NaN.
    """
    to = require_free(to)
    options = options or ImportOptions()
    try:
        opened = Published(folder, options)
    except OSError as error:
        raise ModelError(f"cannot read {folder}: {error.strerror or error}") from None
    with opened as published:
        config, lines = published.config(to.name), published.report()
        work = to.with_name(f".{to.name}.import")
        try:
            _begin(work, _stamp(config, options, published.sources()))
            _write(work, _parts(published), progress)
            write_metadata(work, config, published.tokenizer, _card(config, lines))
            write_digests(work, DIGESTED)
            (work / _STAMP).unlink()
            replace_model(work, to)
        except OSError as error:
            raise OutputError(f"cannot write {to}: {error.strerror or error}") from error
        except OutputError:
            raise
        except KhalaError:  # the source is damaged after all: nothing of it is kept
            shutil.rmtree(work, ignore_errors=True)
            raise
        finally:
            if work.is_dir() and [path.name for path in work.iterdir()] == [_STAMP]:  # nothing is finished
                shutil.rmtree(work)
    return lines


def _parts(published: Published) -> list[_Part]:
    parts = []
    for model, file in zip(published.models, (BACKBONE, SUPERRES), strict=True):
        tensors = {name: (recipe.dtype, recipe.shape) for name, recipe in model.recipes.items()}
        parts.append(_Part(file, tensors, partial(naming.make, model.checkpoint, model.recipes, model.config)))
    shapes = published.codec_shapes
    tensors = {name: (torch.float32, shape) for name, shape in shapes.items()}
    return [*parts, _Part(CODEC, tensors, lambda name: published.codec.make(name, shapes[name]))]


def _write(work: Path, parts: list[_Part], progress: Progress) -> None:
    missing = [part for part in parts if not (work / part.file).is_file()]
    needed, free = sum(part.size for part in missing), shutil.disk_usage(work).free
    if needed > free:
        raise OutputError(
            f"{work.parent} has {free / 1e9:.1f} GB free, and {needed / 1e9:.1f} GB are needed; make room"
        )
    for part in missing:
        stage = f"import {part.file.partition('.')[0]}"
        with replacing(work / part.file) as draft:
            stream_tensors(draft, part.tensors, part.make, partial(progress, stage))


def _stamp(config: ModelConfig, options: ImportOptions, sources: list[Path]) -> str:
    """Hash the inputs of an import: files that were finished under the same stamp can be kept."""
    stats = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in sources]
    return hashlib.sha256(json.dumps([asdict(config), asdict(options), stats], default=str).encode()).hexdigest()


def _begin(work: Path, stamp: str) -> None:
    """Prepare the folder for finished files: that of an earlier run of the same import, or an empty one."""
    if (work / _STAMP).is_file() and (work / _STAMP).read_text(encoding="utf-8") == stamp:
        for draft in work.glob(".*.part"):  # of a run that was killed
            draft.unlink()
        return
    if work.is_dir() and any(work.iterdir()) and not (work / _STAMP).is_file():
        raise OutputError(f"{work} is in the way, and not from an earlier import; move it away")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    (work / _STAMP).write_text(stamp, encoding="utf-8")


def _card(config: ModelConfig, lines: list[str]) -> str:
    template = Template(files(__package__).joinpath("card.md").read_text(encoding="utf-8"))
    return template.substitute(name=config.name, license=config.license, lines="\n".join(f"- {line}" for line in lines))
