"""The local store of downloaded models, and the commit of its repository that each was taken from.

    <home>/OWNER/NAME/                   the model; its source.json names the commit that it was imported from
    <home>/OWNER/.NAME.download.json     the pin: a commit, and its files with their digests

A repository that holds a Khala model stays in the cache of the model hub, and only its pin is here. Once a repository
has a pin, changes on the hub have no effect until the user names another revision.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

SOURCE = "source.json"


@dataclass(frozen=True)
class File:
    """A file of a repository: its size in bytes, and its sha256 or, for small files, git's sha1; "" if unknown."""

    size: int
    digest: str


@dataclass(frozen=True)
class Listing:
    """Files of a repository at a commit, by path. `license` as its card names it."""

    repo: str
    commit: str
    license: str
    files: dict[str, File]

    @property
    def size(self) -> int:
        """Size of all files in bytes."""
        return sum(file.size for file in self.files.values())


def models_home() -> Path:
    """Return the folder of imported models: `KHALA_MODELS`, or in the user's folder for data."""
    if named := os.environ.get("KHALA_MODELS"):
        return Path(named).expanduser().absolute()
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "khala" / "models"


def imported_folder(repo: str) -> Path:
    """Return the folder of the model imported from `repo`, OWNER/NAME."""
    return models_home() / repo


def imported_names() -> list[str]:
    """List the repositories whose model is imported."""
    home = models_home()
    return sorted(f"{path.parent.parent.name}/{path.parent.name}" for path in home.glob(f"*/*/{SOURCE}"))


def imported_commit(repo: str) -> str | None:
    """Return the commit that the model of `repo` was imported from; None if there is no complete import."""
    try:
        commit = json.loads((imported_folder(repo) / SOURCE).read_text(encoding="utf-8"))["commit"]
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return commit if isinstance(commit, str) else None


def write_source(listing: Listing) -> None:
    """Record that the model of `listing` is imported. Raises OutputError."""
    _write(imported_folder(listing.repo) / SOURCE, {"repo": listing.repo, "commit": listing.commit})


def read_pin(repo: str) -> Listing | None:
    """Read the pin of `repo`; None if there is none, or it cannot be read."""
    try:
        values = json.loads(_pin_path(repo).read_text(encoding="utf-8"))
        files = {str(name): File(int(file["size"]), str(file["digest"])) for name, file in values["files"].items()}
        return Listing(repo, str(values["commit"]), str(values["license"]), files)
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None


def write_pin(listing: Listing) -> None:
    """Pin a repository to `listing`. Raises OutputError."""
    _write(_pin_path(listing.repo), asdict(listing))


def _write(path: Path, values: dict[str, Any]) -> None:
    from khala.audio.replacing import replacing

    with replacing(path) as part:
        part.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")


def _pin_path(repo: str) -> Path:
    folder = imported_folder(repo)
    return folder.with_name(f".{folder.name}.download.json")
