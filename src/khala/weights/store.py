"""Where downloaded models lie, and which commit of its repository each is taken from.

    <home>/OWNER/NAME/                   the model; in it, source.json names the commit that it was imported from
    <home>/OWNER/.NAME.download.json     the pin: what to fetch, file by file with digests

A repository that holds a Khala model as it is stays in the cache of the model hub, and only its pin is here. Once a
repository has a pin, whatever happens to it on the hub changes nothing here, until somebody names another revision.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

SOURCE = "source.json"


@dataclass(frozen=True)
class File:
    """A file of a repository: bytes, and sha256 or, for small ones, git's sha1; "" where neither is known."""

    size: int
    digest: str


@dataclass(frozen=True)
class Listing:
    """What is wanted of a repository at a commit: files by their paths. `license` as its card names it."""

    repo: str
    commit: str
    license: str
    files: dict[str, File]

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files.values())


def models_home() -> Path:
    """`KHALA_MODELS`, else the user's folder for data."""
    if named := os.environ.get("KHALA_MODELS"):
        return Path(named).expanduser().absolute()
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "khala" / "models"


def model_place(repo: str) -> Path:
    """The folder of the model that is imported from `repo`, OWNER/NAME."""
    return models_home() / repo


def imported_names() -> list[str]:
    """Repositories whose model is imported."""
    home = models_home()
    return sorted(f"{path.parent.parent.name}/{path.parent.name}" for path in home.glob(f"*/*/{SOURCE}"))


def imported_commit(repo: str) -> str | None:
    """The commit that the model of `repo` was imported from, if it was to the end."""
    try:
        commit = json.loads((model_place(repo) / SOURCE).read_text(encoding="utf-8"))["commit"]
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return commit if isinstance(commit, str) else None


def write_source(listing: Listing) -> None:
    """Note that the model in its place is the one of `listing`. Raises OutputError."""
    _write(model_place(listing.repo) / SOURCE, {"repo": listing.repo, "commit": listing.commit})


def read_pin(repo: str) -> Listing | None:
    """The pin of `repo`; None if it has none, or one that cannot be read."""
    try:
        values = json.loads(_pin_path(repo).read_text(encoding="utf-8"))
        files = {str(name): File(int(file["size"]), str(file["digest"])) for name, file in values["files"].items()}
        return Listing(repo, str(values["commit"]), str(values["license"]), files)
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None


def write_pin(listing: Listing) -> None:
    """From now on `listing` is what is fetched of its repository. Raises OutputError."""
    _write(_pin_path(listing.repo), asdict(listing))


def _write(path: Path, values: dict[str, Any]) -> None:
    from khala.audio.files import replacing  # names are looked up without it, and without numpy

    with replacing(path) as part:
        part.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")


def _pin_path(repo: str) -> Path:
    place = model_place(repo)
    return place.with_name(f".{place.name}.download.json")
