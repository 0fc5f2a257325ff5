"""Which files of a folder are songs, and what lies beside a song.

Names come from many systems: endings in capitals, accents in one character or two, hidden files that macOS adds.
"""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from unicodedata import normalize

from khala.audio.reading import READABLE


def songs_in(folder: Path, endings: tuple[str, ...] = READABLE) -> Iterator[Path]:
    """The files with these endings in a folder and the folders in it, by name. Hidden ones are left out: `._NAME` is
    what macOS keeps of NAME on other systems' disks, whatever its ending."""
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.suffix.lower() in endings and not hidden and (path.is_file() or path.is_symlink()):
            yield path


def files_beside(audio: Path) -> dict[str, Path]:
    """The files whose names begin as the one of `audio` does but for its ending, by what follows, in lower case:
    ".json", ".txt", "_lyrics.txt". Capitals and the Unicode normal form make no difference, except that a name that is
    the same in them, too, goes first."""
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
