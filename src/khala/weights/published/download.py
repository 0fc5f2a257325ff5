"""Downloading a model by its hub id; a repository of published weights is imported.

A repository holds either a Khala model or published weights. Once all files of a commit are downloaded, it is pinned
(`store`): from then on the id means that commit.
"""

import os
import re
import shutil
from collections.abc import Iterable
from pathlib import Path

from khala.music.errors import InvalidRequest, ModelError, OutputError
from khala.music.progress import Progress, silent
from khala.weights.digests import NAME as DIGESTS
from khala.weights.hub import LICENSES, UNKNOWN_LICENSE, download_files, list_repository
from khala.weights.names import CARD, CONFIG, DIGESTED, HUB_ID, OPTIONAL, verified_digest
from khala.weights.published.llama3 import find_llama3, packaged
from khala.weights.store import (
    Listing,
    imported_commit,
    imported_folder,
    models_home,
    read_pin,
    write_pin,
    write_source,
)

REPOSITORIES = ("liujiafeng/Khala-MusicGeneration-v1.0", "liujiafeng/Shao-MusicGeneration-v1.0")
"""The repository of the published weights: its first name, and its name since July 2026."""

WEIGHT_FILES = re.compile(r"(checkpoints/)?(backbone|superresolution)/.+|(checkpoints/)?([^/]+/)?dac_rvq_[^/]+\.ckpt")
"""Files of published weights."""

TOKENIZER_FILES = re.compile(r"(.+/)?tokenizer\.(json|model)")
"""Files of the tokenizer that may come with them."""


def look_up(repo: str, revision: str | None = None) -> Listing:
    """Find the files to download of a repository: as pinned, unless another `revision` is named.

    Raises InvalidRequest for what is not a hub id or no revision; ModelError if there is no such repository, no model
    in it, no access to it, or no connection.
    """
    if not HUB_ID.fullmatch(repo):
        raise InvalidRequest(f"{repo[:100]!r} is not a hub id; write OWNER/NAME, such as {REPOSITORIES[-1]}")
    pin = read_pin(repo)
    if pin is not None and revision in (None, pin.commit):
        return pin
    listing = list_repository(repo, revision)
    license = LICENSES["cc-by-nc-4.0"] if repo in REPOSITORIES else listing.license
    return Listing(repo, listing.commit, license, {name: listing.files[name] for name in _needed(listing)})


def fetch(listing: Listing, tokenizer: Path | None = None, progress: Progress | None = None) -> Path | None:
    """Download the files of `listing` and pin it; returns their folder, or None if the model is imported already.

    `tokenizer` is a file or folder with Llama 3's, for weights that need it and come without it; it is checked before
    anything is downloaded. Without `progress` the hub's library draws progress bars. Raises as `look_up`, and
    OutputError if there is not enough room.
    """
    published = not is_model(listing)
    if published and _is_imported(listing):
        return None
    if listing.repo in REPOSITORIES:
        found = any(map(TOKENIZER_FILES.fullmatch, listing.files)) or packaged() is not None
        if tokenizer is not None or not found:
            find_llama3(tokenizer)
    _require_room(listing, published)
    folder = download_files(listing, progress)
    if not published:
        verified_digest(folder)
    write_pin(listing)
    return folder


def import_fetched(
    listing: Listing, folder: Path, tokenizer: Path | None = None, progress: Progress = silent
) -> list[str]:
    """Import downloaded weights, so that the hub id names a model; returns the report of the import, line by line.

    Does nothing for a Khala model. Raises as `importing.import_published`.
    """
    if is_model(listing):
        return []
    from khala.weights.published.contents import ImportOptions
    from khala.weights.published.importing import import_published  # torch takes seconds

    license = None if listing.license == UNKNOWN_LICENSE else listing.license
    options = ImportOptions(tokenizer=tokenizer, license=license)
    lines = import_published(folder, imported_folder(listing.repo), options, progress)
    write_source(listing)
    return lines


def is_model(listing: Listing) -> bool:
    """Return whether a repository holds a Khala model; else it holds published weights, or neither."""
    return all(name in listing.files for name in (*DIGESTED, DIGESTS))


def _needed(listing: Listing) -> list[str]:
    """Select the files of a Khala model, or of published weights. Raises ModelError if there is neither."""
    names: Iterable[str] = listing.files
    if is_model(listing):
        return sorted({*DIGESTED, *OPTIONAL, DIGESTS, CARD} & set(names))
    safe = [name for name in names if ".." not in name.split("/") and not name.startswith("/") and "\\" not in name]
    weights = [name for name in safe if WEIGHT_FILES.fullmatch(name)]
    kinds = ("backbone/", "superresolution/", "dac_rvq_")
    if all(any(kind in name for name in weights) for kind in kinds):
        return sorted({*weights, *filter(TOKENIZER_FILES.fullmatch, safe)})
    raise ModelError(
        f"{listing.repo} holds no model that Khala reads: neither {CONFIG} with {DIGESTS}, nor backbone/, "
        "superresolution/ and dac_rvq_*.ckpt; name another repository"
    )


def _is_imported(listing: Listing) -> bool:
    """Whether the model was imported from this commit and is whole. A broken one is deleted."""
    folder = imported_folder(listing.repo)
    if imported_commit(listing.repo) != listing.commit:
        return False
    try:
        verified_digest(folder)
    except ModelError:
        shutil.rmtree(folder, ignore_errors=True)
        return False
    return True


def _require_room(listing: Listing, published: bool) -> None:
    """Raise OutputError unless there is room for the missing files and, if `published`, for a model as large as all."""
    from huggingface_hub import constants, try_to_load_from_cache

    def is_here(name: str) -> bool:
        return isinstance(try_to_load_from_cache(listing.repo, name, revision=listing.commit), str)

    missing = sum(file.size for name, file in listing.files.items() if not is_here(name))
    needed: dict[int, tuple[Path, int]] = {}
    for folder, size in ((Path(constants.HF_HUB_CACHE), missing), (models_home(), listing.size if published else 0)):
        there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
        if not there.is_dir() or not os.access(there, os.W_OK):
            raise OutputError(f"cannot write in {there}; {_ELSEWHERE}")
        device = there.stat().st_dev
        needed[device] = (there, needed.get(device, (there, 0))[1] + size)
    for there, size in needed.values():
        free = shutil.disk_usage(there).free
        if size > free:
            raise OutputError(
                f"{listing.repo} needs {size / 1e9:.1f} GB in {there}, and {free / 1e9:.1f} GB are free; make room, or "
                f"{_ELSEWHERE}"
            )


_ELSEWHERE = "name other folders: HF_HOME for downloads, KHALA_MODELS for models"
