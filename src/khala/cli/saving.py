"""Takes to files, and a line about each."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from khala.cli.errors import print_line
from khala.cli.timed import write_timed
from khala.generation.record_file import own_record

if TYPE_CHECKING:
    from khala.generation.take import Take


def save_takes(
    made: Sequence["Take"], paths: Sequence[Path], timed_formats: Sequence[str], tags: bool, quiet: bool
) -> None:
    """Write takes, and their timed lyrics in these formats, to `paths`; say of each how it ended, unless `quiet`."""
    paths[0].parent.mkdir(parents=True, exist_ok=True)
    for take, path in zip(made, paths, strict=True):
        take.save(path, tags=tags)
        if timed_formats and not write_timed(take, path, timed_formats) and not quiet:
            print_line(f"{path}: it is not known when its words are sung, so no timed lyrics were written")
        if not quiet:
            ending = ", cut at the maximum length" if take.metadata["truncated"] else ""
            if left := take.metadata["unsung_lines"]:
                ending += f", {left} line{'s' if left > 1 else ''} of the lyrics not sung"
            if (record := own_record(path)) and record.stem != path.stem:
                ending += f", record in {record.name}"
            print_line(f"{path}: {take.seconds:.1f} s{ending}")
