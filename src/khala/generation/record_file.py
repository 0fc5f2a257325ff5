"""The record of a take, a JSON file beside its audio: where it lies, and whose it is.

The record of song.wav is song.json. Where that is somebody else's file, or the record of another song (song.flac), it
is song.wav.json. By "file" a record says which audio it belongs to.
"""

import json
from pathlib import Path

from khala.music.errors import OutputError


def place_for_record(audio: Path) -> Path:
    """Where the record of `audio` may be written: nothing is lost but an older record of the same file.

    Raises OutputError if both names are taken."""
    names = _names(audio)
    free = own_record(audio) or next((path for path in names if not path.exists()), None)
    if free is None:
        taken = " and ".join(path.name for path in names)
        raise OutputError(f"cannot write the record of {audio}: {taken} are something else's; choose another name")
    return free


def own_record(audio: Path) -> Path | None:
    """The record of the take that was written to `audio`; None if there is none."""
    return next((path for path in reversed(_names(audio)) if _tells_of(path, audio)), None)


def _names(audio: Path) -> list[Path]:
    return [path for path in (audio.with_suffix(".json"), audio.with_name(f"{audio.name}.json")) if path != audio]


def _tells_of(path: Path, audio: Path) -> bool:
    try:
        fields = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    if not (isinstance(fields, dict) and fields.keys() >= {"request", "seed", "model"}):
        return False
    if "file" in fields:  # its ending alone counts: a song is renamed together with its record
        return Path(str(fields["file"])).suffix.lower() == audio.suffix.lower()
    return path.stem == audio.stem and audio.exists()  # records did not always say it
