"""The model hub: listing repositories, and downloading files that are checked against their digests.

Downloads lie in the hub's own cache, so files that other tools downloaded are not downloaded again, and a complete file
is kept whatever happens. With `HF_HUB_OFFLINE` set only that cache is used.
"""

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from khala.music.errors import InvalidRequest, KhalaError, ModelError, OutputError
from khala.music.progress import Progress, silent
from khala.weights.store import File, Listing

LICENSES = {"cc-by-nc-4.0": "CC-BY-NC-4.0", "apache-2.0": "Apache-2.0", "mit": "MIT"}
"""Names of licences on the hub, and as a model's configuration spells them."""

UNKNOWN_LICENSE = "unknown"
"""The licence of a repository that names none."""

HASH_BYTES = 1 << 22
"""Bytes read at a time to hash a file."""


def list_repository(repo: str, revision: str | None = None) -> Listing:
    """List all files of a repository at a revision (default: its main branch).

    Raises InvalidRequest if there is no such revision; ModelError if there is no such repository, no access to it, or
    no connection; OutputError if the cache cannot be written.
    """
    return _cached_listing(repo, revision) if _offline() else _hub_listing(repo, revision)


def download_files(listing: Listing, progress: Progress | None = None) -> Path:
    """Download the files of `listing`, check each against its digest, and return their folder.

    Without `progress` the hub's library draws progress bars. Raises as `list_repository`, and ModelError for a file
    that has another digest twice.
    """
    own_bars, done = progress is None, 0
    progress = progress or silent
    folder = Path()
    for name, file in listing.files.items():
        progress("download", done, listing.size)
        path = _file(listing, name, own_bars)
        if not _is_whole(path, file):  # truncated or damaged on this disk, perhaps long ago: download it again
            _drop(path)
            path = _file(listing, name, own_bars)
        if not _is_whole(path, file):
            _drop(path)
            raise ModelError(
                f"{name} of {listing.repo} is not what the model hub lists (digest {file.digest[:12]}...), twice; "
                f"{_retry(listing.repo)}"
            )
        folder = path.parents[len(PurePosixPath(name).parts) - 1]
        done += file.size
    progress("download", listing.size, listing.size)
    return folder


def _offline() -> bool:
    from huggingface_hub import constants

    return bool(constants.HF_HUB_OFFLINE)


def _hub_listing(repo: str, revision: str | None) -> Listing:
    from huggingface_hub import HfApi

    with _hub_errors(repo, revision):
        info = HfApi().model_info(repo, revision=revision, files_metadata=True, timeout=30)
        files = {}
        for entry in info.siblings or []:
            lfs = entry.lfs
            size, digest = (entry.size, entry.blob_id) if lfs is None else (lfs.size, lfs.sha256)
            files[entry.rfilename] = File(size or 0, digest or "")
        tags = [tag.removeprefix("license:") for tag in info.tags or [] if tag.startswith("license:")]
        license = LICENSES.get(tags[0], tags[0]) if tags else UNKNOWN_LICENSE
        return Listing(repo, str(info.sha), license, files)


def _cached_listing(repo: str, revision: str | None) -> Listing:
    """List what the hub's cache holds; a file's digest is the name of the blob that it links to."""
    from huggingface_hub import snapshot_download

    with _hub_errors(repo, revision):
        folder = Path(snapshot_download(repo, revision=revision, local_files_only=True))
    files = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        blob = path.readlink().name if path.is_symlink() else ""
        digest = blob if re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", blob) else ""
        files[path.relative_to(folder).as_posix()] = File(path.stat().st_size, digest)
    return Listing(repo, folder.name, UNKNOWN_LICENSE, files)


def _file(listing: Listing, name: str, own_bars: bool) -> Path:
    from huggingface_hub import hf_hub_download
    from huggingface_hub.utils.tqdm import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    silent = not own_bars and not are_progress_bars_disabled()
    with _hub_errors(listing.repo, listing.commit):
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
        sha.update(b"blob %d\0" % size)  # git's digest of a blob
    with path.open("rb") as stream:
        while block := stream.read(HASH_BYTES):
            sha.update(block)
    return file.digest in ("", sha.hexdigest())


def _drop(path: Path) -> None:
    """Delete a file of the hub's cache, and the blobs that it links to."""
    while True:
        target = path.parent / path.readlink() if path.is_symlink() else None
        path.unlink(missing_ok=True)
        if target is None:
            return
        path = target


def _retry(repo: str) -> str:
    return f"run again: khala models download {repo}"


@contextmanager
def _hub_errors(repo: str, revision: str | None) -> Iterator[None]:
    """Turn exceptions of the hub's library into errors of one line: InvalidRequest, ModelError, OutputError."""
    from huggingface_hub import errors

    try:
        yield
    except KhalaError:
        raise
    except errors.GatedRepoError:
        raise ModelError(
            f"{repo} is gated: ask for access on its page of the model hub, log in with: hf auth login; {_retry(repo)}"
        ) from None
    except errors.RevisionNotFoundError:
        raise InvalidRequest(f"{repo} has no revision {revision!r}; name a branch, a tag or a commit of it") from None
    except errors.RepositoryNotFoundError:
        raise ModelError(
            f"the model hub has no {repo}, or it is private: check the name, or log in with: hf auth login"
        ) from None
    except Exception as error:  # of the library, of its HTTP client, of the file system
        raise _explain(error, repo) from None


def _explain(error: Exception, repo: str) -> KhalaError:
    from huggingface_hub import errors

    if _offline():
        return ModelError(
            f"{repo} is not, or not wholly, on this machine, and HF_HUB_OFFLINE is set; unset it, then {_retry(repo)}"
        )
    if isinstance(error, errors.HfHubHTTPError):
        status = error.response.status_code
        advice = "log in with: hf auth login; then" if status in (401, 403) else "later,"
        return ModelError(f"the model hub answers {status} for {repo}; {advice} {_retry(repo)}")
    if isinstance(error, OSError) and error.errno is not None:
        return OutputError(f"cannot keep {repo}: {os.strerror(error.errno)}; then {_retry(repo)}")
    cause = error.__cause__ or error
    reason = str(cause).strip().partition("\n")[0][:200] or type(cause).__name__
    return ModelError(f"the download of {repo} broke off ({reason}); check the network, {_retry(repo)}")
