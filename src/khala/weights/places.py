"""Which files of an untrusted folder may be opened: regular ones that really lie in it."""

from pathlib import Path

from khala.music.errors import ModelError


def inside(root: Path, path: Path) -> Path:
    """`path` if it is a regular file within `root`, all symbolic links followed. Raises ModelError otherwise.

    The cache of the model hub is made of links; there, files may lie among the blobs of the same repository, or among
    those that its repositories share.
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
        raise ModelError(f"{path} is no regular file; fetch the weights again")
    return path
