"""Models from the model hub: looked up, fetched, checked, and imported where they are published weights.

A repository holds either a Khala model as it is, or published weights (`published`). What is fetched lies in the hub's
own cache, so what other tools fetched before is not fetched again; a file that is whole is kept whatever happens. Once
all of a commit is here it is pinned (`store`): from then on that commit is meant.
"""

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from khala.music.errors import InvalidRequest, KhalaError, ModelError, OutputError
from khala.weights.digests import NAME as DIGESTS
from khala.weights.names import CARD, CONFIG, DIGESTED, HUB_ID, verified_digest
from khala.weights.published.llama3 import find_llama3, packaged
from khala.weights.store import (
    File,
    Listing,
    imported_commit,
    model_place,
    models_home,
    read_pin,
    write_pin,
    write_source,
)

Progress = Callable[[str, int, int], None]

PUBLISHED = ("liujiafeng/Khala-MusicGeneration-v1.0", "liujiafeng/Shao-MusicGeneration-v1.0")
"""The published weights: the repository's first name, and the one it has had since July 2026."""

LICENSES = {"cc-by-nc-4.0": "CC-BY-NC-4.0", "apache-2.0": "Apache-2.0", "mit": "MIT"}
"""Names of licences on the hub, and as a model's configuration spells them."""

WEIGHTS = re.compile(r"(checkpoints/)?(backbone|superresolution)/.+|(checkpoints/)?([^/]+/)?dac_rvq_[^/]+\.ckpt")
"""Files of published weights."""

BESIDE = re.compile(r"(.+/)?tokenizer\.(json|model)")
"""The tokenizer that may lie beside them."""

UNKNOWN = "unknown"
"""A licence that the hub does not tell."""

BLOCK = 1 << 22


def look_up(repo: str, revision: str | None = None) -> Listing:
    """What to fetch of the repository: as pinned, if it is and no other `revision` is named, else as the hub says.

    With `HF_HUB_OFFLINE` set only this machine is asked. InvalidRequest: no such revision, or no id; ModelError: no
    such repository, none that Khala can read, no access to it, or no hub.
    """
    if not HUB_ID.fullmatch(repo):
        raise InvalidRequest(f"{repo[:100]!r} is no hub id; it is OWNER/NAME, such as {PUBLISHED[-1]}")
    pin = read_pin(repo)
    if pin is not None and revision in (None, pin.commit):
        return pin
    listing = _cached_listing(repo, revision) if _offline() else _hub_listing(repo, revision)
    names = _wanted(repo, listing.files)
    license = LICENSES["cc-by-nc-4.0"] if repo in PUBLISHED else listing.license
    return Listing(repo, listing.commit, license, {name: listing.files[name] for name in names})


def fetch(listing: Listing, tokenizer: Path | None = None, progress: Progress | None = None) -> Path | None:
    """The folder of all files of `listing`, each as its digest says; None if its model is imported already, and whole.

    `tokenizer`: a file or folder with Llama 3's, for weights that read it and do not bring it; it is looked at before
    anything is fetched. `progress` takes a stage, the bytes done and their sum; without it the hub's library shows bars
    of its own. Raises as `look_up`; OutputError if there is no room.
    """
    published = not _is_model(listing)
    if published and _at_hand(listing):
        return None
    if listing.repo in PUBLISHED:
        found = any(map(BESIDE.fullmatch, listing.files)) or packaged() is not None
        if tokenizer is not None or not found:
            find_llama3(tokenizer)
    _require_room(listing, published)
    folder = _fetch(listing, progress)
    if not published:
        verified_digest(folder)
    write_pin(listing)
    return folder


def settle(
    listing: Listing,
    folder: Path,
    tokenizer: Path | None = None,
    progress: Progress = lambda stage, done, total: None,
) -> list[str]:
    """Make what was fetched to `folder` a model that is found by its hub id; returns what an import has to report.

    Raises as `importing.import_published`.
    """
    if _is_model(listing):
        return []
    from khala.weights.published.contents import ImportOptions
    from khala.weights.published.importing import import_published  # torch takes seconds

    options = ImportOptions(tokenizer=tokenizer, license=None if listing.license == UNKNOWN else listing.license)
    lines = import_published(folder, model_place(listing.repo), options, progress)
    write_source(listing)
    return lines


def _is_model(listing: Listing) -> bool:
    return all(name in listing.files for name in (*DIGESTED, DIGESTS))


def _wanted(repo: str, names: Any) -> list[str]:
    """The files of a Khala model, or of published weights. Raises ModelError for a repository that holds neither."""
    model = (*DIGESTED, DIGESTS)
    if all(name in names for name in model):
        return sorted({*model, CARD} & set(names))
    safe = [name for name in names if ".." not in name.split("/") and not name.startswith("/") and "\\" not in name]
    weights = [name for name in safe if WEIGHTS.fullmatch(name)]
    kinds = ("backbone/", "superresolution/", "dac_rvq_")
    if all(any(kind in name for name in weights) for kind in kinds):
        return sorted([*weights, *(name for name in safe if BESIDE.fullmatch(name) and name not in weights)])
    raise ModelError(
        f"{repo} holds no model that Khala reads: neither {CONFIG} with {DIGESTS}, nor backbone/, superresolution/ and "
        "dac_rvq_*.ckpt; name another repository"
    )


def _offline() -> bool:
    from huggingface_hub import constants

    return bool(constants.HF_HUB_OFFLINE)


def _hub_listing(repo: str, revision: str | None) -> Listing:
    from huggingface_hub import HfApi

    with _asking(repo, revision):
        info = HfApi().model_info(repo, revision=revision, files_metadata=True, timeout=30)
        files = {}
        for entry in info.siblings or []:
            lfs = entry.lfs
            size, digest = (entry.size, entry.blob_id) if lfs is None else (lfs.size, lfs.sha256)
            files[entry.rfilename] = File(size or 0, digest or "")
        tags = [tag.removeprefix("license:") for tag in info.tags or [] if tag.startswith("license:")]
        license = LICENSES.get(tags[0], tags[0]) if tags else UNKNOWN
        return Listing(repo, str(info.sha), license, files)


def _cached_listing(repo: str, revision: str | None) -> Listing:
    """What the hub's cache holds; a file's digest is the name of the blob that it links to."""
    from huggingface_hub import snapshot_download

    with _asking(repo, revision):
        folder = Path(snapshot_download(repo, revision=revision, local_files_only=True))
    files = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        blob = path.readlink().name if path.is_symlink() else ""
        digest = blob if re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", blob) else ""
        files[path.relative_to(folder).as_posix()] = File(path.stat().st_size, digest)
    return Listing(repo, folder.name, UNKNOWN, files)


def _at_hand(listing: Listing) -> bool:
    """Whether the model was imported from this commit and is whole; what is left of one that is not is removed."""
    place = model_place(listing.repo)
    if imported_commit(listing.repo) != listing.commit:
        return False
    try:
        verified_digest(place)
    except ModelError:
        shutil.rmtree(place, ignore_errors=True)
        return False
    return True


def _require_room(listing: Listing, published: bool) -> None:
    """Leave and room to write what is still to be fetched, and a model as large as all of it. Raises OutputError."""
    from huggingface_hub import constants, try_to_load_from_cache

    def is_here(name: str) -> bool:
        return isinstance(try_to_load_from_cache(listing.repo, name, revision=listing.commit), str)

    missing = sum(file.size for name, file in listing.files.items() if not is_here(name))
    needed: dict[int, tuple[Path, int]] = {}
    for place, size in ((Path(constants.HF_HUB_CACHE), missing), (models_home(), listing.size if published else 0)):
        there = next(path for path in (place, *place.absolute().parents) if path.exists())
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


_ELSEWHERE = "name other places: HF_HOME for downloads, KHALA_MODELS for models"


def _fetch(listing: Listing, progress: Progress | None) -> Path:
    own_bars, done = progress is None, 0
    progress = progress or (lambda stage, done, total: None)
    folder = Path()
    for name, file in listing.files.items():
        progress("download", done, listing.size)
        path = _file(listing, name, own_bars)
        if not _is_whole(path, file):  # cut short or damaged on this disk, maybe long ago: once more
            _drop(path)
            path = _file(listing, name, own_bars)
        if not _is_whole(path, file):
            _drop(path)
            raise ModelError(
                f"{name} of {listing.repo} is not what the model hub says it is (digest {file.digest[:12]}...), twice; "
                f"{_again(listing.repo)}"
            )
        folder = path.parents[len(PurePosixPath(name).parts) - 1]
        done += file.size
    progress("download", listing.size, listing.size)
    return folder


def _file(listing: Listing, name: str, own_bars: bool) -> Path:
    from huggingface_hub import hf_hub_download
    from huggingface_hub.utils.tqdm import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    silent = not own_bars and not are_progress_bars_disabled()
    with _asking(listing.repo, listing.commit):
        if silent:
            disable_progress_bars()
        try:
            return Path(hf_hub_download(listing.repo, name, revision=listing.commit))
        finally:
            if silent:
                enable_progress_bars()


def _is_whole(path: Path, file: File) -> bool:
    size = path.stat().st_size
    if size != file.size:
        return False
    kind = "sha256" if len(file.digest) == 64 else "sha1"
    sha = hashlib.new(kind, usedforsecurity=False)
    if kind == "sha1":
        sha.update(b"blob %d\0" % size)  # as git counts
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            sha.update(block)
    return file.digest in ("", sha.hexdigest())


def _drop(path: Path) -> None:
    """Remove a file of the hub's cache: its name, the blob that it links to, and what that may link to."""
    while True:
        target = path.parent / path.readlink() if path.is_symlink() else None
        path.unlink(missing_ok=True)
        if target is None:
            return
        path = target


def _again(repo: str) -> str:
    return f"run again: khala models download {repo}"


@contextmanager
def _asking(repo: str, revision: str | None) -> Iterator[None]:
    """What the hub's library raises -> one line with what to do. Raises InvalidRequest, ModelError, OutputError."""
    from huggingface_hub import errors

    try:
        yield
    except KhalaError:
        raise
    except errors.GatedRepoError:
        raise ModelError(
            f"{repo} is gated: ask for access on its page of the model hub, log in with: hf auth login; {_again(repo)}"
        ) from None
    except errors.RevisionNotFoundError:
        raise InvalidRequest(f"{repo} has no revision {revision!r}; name a branch, a tag or a commit of it") from None
    except errors.RepositoryNotFoundError:
        raise ModelError(
            f"the model hub has no {repo}, or it is private: check the name, or log in with: hf auth login"
        ) from None
    except Exception as error:  # of the library's own, of its HTTP client, of the file system
        raise _explained(error, repo) from None


def _explained(error: Exception, repo: str) -> KhalaError:
    from huggingface_hub import errors

    if _offline():
        return ModelError(
            f"{repo} is not, or not wholly, on this machine, and HF_HUB_OFFLINE is set; unset it, then {_again(repo)}"
        )
    if isinstance(error, errors.HfHubHTTPError):
        status = error.response.status_code
        advice = "log in with: hf auth login; then" if status in (401, 403) else "later,"
        return ModelError(f"the model hub answers {status} for {repo}; {advice} {_again(repo)}")
    if isinstance(error, OSError) and error.errno is not None:
        return OutputError(f"cannot keep {repo}: {os.strerror(error.errno)}; then {_again(repo)}")
    cause = error.__cause__ or error
    reason = str(cause).strip().partition("\n")[0][:200] or type(cause).__name__
    return ModelError(f"the download of {repo} broke off ({reason}); check the network, {_again(repo)}")
