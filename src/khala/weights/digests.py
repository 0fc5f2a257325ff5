"""Digests: sha256 of a model's files, and of all of them together."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

NAME = "digests.json"


def file_digest(path: Path) -> str:
    """Return the sha256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def model_digest(digests: Mapping[str, str]) -> str:
    """Return the digest of a folder: sha256 of the lines "<name> <sha256>" of its files, sorted by name."""
    lines = "".join(f"{name} {digests[name]}\n" for name in sorted(digests))
    return hashlib.sha256(lines.encode()).hexdigest()


def write_digests(folder: Path, names: Iterable[str]) -> None:
    """Write `digests.json` for the files `names`. Raises OSError."""
    digests = {name: file_digest(folder / name) for name in sorted(names)}
    (folder / NAME).write_text(json.dumps(digests, indent=1) + "\n", encoding="utf-8")


def read_digests(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """Read `digests.json`, which must list exactly the files `names`. Raises ValueError, OSError."""
    digests = json.loads((folder / NAME).read_text(encoding="utf-8"))
    if not isinstance(digests, dict) or sorted(digests) != sorted(names):
        raise ValueError(f"{NAME} does not list exactly {', '.join(sorted(names))}")
    if not all(isinstance(value, str) and len(value) == 64 for value in digests.values()):
        raise ValueError(f"{NAME} holds a value that is not a sha256")
    return digests
