"""Published weights -> a model folder, tensor by tensor, whole or not at all.

Parts that are done are kept beside the destination until all are: an import that was interrupted goes on with the next
part when it is run again.
"""

import hashlib
import json
import math
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from khala.audio.files import replacing
from khala.models.config import ModelConfig
from khala.music.errors import KhalaError, ModelError, OutputError
from khala.weights.folder import furnish, replace, require_free
from khala.weights.names import BACKBONE, CODEC, SUPERRES
from khala.weights.published.contents import ImportOptions, Published
from khala.weights.published.megatron import naming
from khala.weights.tensors import stream_tensors

Progress = Callable[[str, int, int], None]

CARD = """---
license: {license}
tags: [music-generation, text-to-music]
---

# {name}

Published weights of the Khala system, imported. Licence of the weights: {license}.

{lines}

fc1 is the first layer of every MLP. Where the released weights were trained, its bias was added twice; "doubled" means
that it is stored here with twice its value, so that adding it once gives the same.

```sh
khala generate --model FOLDER --tags "pop, female vocals" --lyrics-file words.txt --duration 2:00
```
"""
_STAMP = "import"


@dataclass(frozen=True)
class _Part:
    """A file to write: what is in it, and how to make it."""

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
    progress: Progress = lambda stage, done, total: None,
) -> list[str]:
    """Write the model folder `to`; returns what was used, ignored and decided, line by line.

    `progress` takes a stage, the bytes done and their sum. ModelError: the folder is incomplete, damaged or not to be
    trusted; InvalidRequest: an option is needed, or wrong; OutputError: `to` cannot be written. Nothing is written
    before all names, shapes and sizes were found right, and nothing is left if a number turns out to be NaN.
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
            furnish(work, config, published.tokenizer, _card(config, lines))
            (work / _STAMP).unlink()
            replace(work, to)
        except OSError as error:
            raise OutputError(f"cannot write {to}: {error.strerror or error}") from error
        except OutputError:
            raise
        except KhalaError:  # the source is not what it seemed: nothing of it is kept
            shutil.rmtree(work, ignore_errors=True)
            raise
        finally:
            if work.is_dir() and [path.name for path in work.iterdir()] == [_STAMP]:  # nothing is done
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
    """What an import is made of: parts that were finished under the same stamp need not be made again."""
    files = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in sources]
    return hashlib.sha256(json.dumps([asdict(config), asdict(options), files], default=str).encode()).hexdigest()


def _begin(work: Path, stamp: str) -> None:
    """The folder for finished parts: that of an earlier run of the same import, or an empty one."""
    if (work / _STAMP).is_file() and (work / _STAMP).read_text(encoding="utf-8") == stamp:
        for draft in work.glob(".*.part"):  # of a run that was killed
            draft.unlink()
        return
    if work.is_dir() and any(work.iterdir()) and not (work / _STAMP).is_file():
        raise OutputError(f"{work} is in the way, and not of an earlier import; move it away")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    (work / _STAMP).write_text(stamp, encoding="utf-8")


def _card(config: ModelConfig, lines: list[str]) -> str:
    return CARD.format(name=config.name, license=config.license, lines="\n".join(f"- {line}" for line in lines))
