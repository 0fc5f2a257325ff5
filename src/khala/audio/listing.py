"""Audio files in a folder, and the files beside one.

File names come from many systems: extensions in capitals, accents in one character or two, macOS's hidden files.
"""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from unicodedata import normalize

from khala.audio.reading import READABLE


def songs_in(folder: Path, endings: tuple[str, ...] = READABLE) -> Iterator[Path]:
    """Yield the files with these extensions under a folder, by name. Hidden ones are left out: `._NAME` is what macOS
    stores beside NAME on other systems' disks, with the same extension."""
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.suffix.lower() in endings and not hidden and (path.is_file() or path.is_symlink()):
            yield path


def files_beside(audio: Path) -> dict[str, Path]:
    """Return the files whose names begin with the stem of `audio`, by the rest of their names in lower case: ".json",
    ".txt", "_lyrics.txt". Capitals and Unicode normal forms are ignored, but an exact match takes precedence."""
    stem = _same(audio.stem)
    found: dict[str, Path] = {}
    with suppress(OSError):  # a folder may let its files be read, but not be listed
        for path in sorted(audio.parent.iterdir(), key=lambda path: path.name.startswith(audio.stem)):
            name = _same(path.name)
            if name.startswith(stem):
                found[name.removeprefix(stem)] = path
    return found


def _same(name: str) -> str:
    return normalize("NFC", normalize("NFC", name).casefold())
