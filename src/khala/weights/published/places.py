"""Protection from links that lead out of an untrusted folder."""

from pathlib import Path

from khala.music.errors import ModelError


def require_inside(root: Path, path: Path) -> Path:
    """Return `path` if it is a regular file within `root`, all links followed. Raises ModelError otherwise.

    The cache of the model hub consists of links: there, files may also be among the blobs of the same repository, or
    those that all repositories share.
    """
    homes = [root.resolve()]
    for snapshots in homes[0].parents:
        if snapshots.name == "snapshots" and snapshots.parent.name.startswith("models--"):
            homes += [snapshots.parent / "blobs", snapshots.parent.parent / "blobs"]
    try:
        real = path.resolve(strict=True)
    except (OSError, RuntimeError):  # a loop of links
        raise ModelError(f"{path} is missing; fetch the weights again") from None
    if not any(real.is_relative_to(home) for home in homes):
        raise ModelError(f"{path} leads out of {root}, to {real}; put the file itself there")
    if not real.is_file():
        raise ModelError(f"{path} is not a regular file; fetch the weights again")
    return path
