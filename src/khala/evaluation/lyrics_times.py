"""When the words of any song are sung: of an audio file or a take, with its own lyrics or others."""

import json
from pathlib import Path

from khala.audio.files import read_audio
from khala.evaluation.targets import targets_beside
from khala.generation.record_file import own_record
from khala.generation.take import Take
from khala.music.errors import InvalidRequest
from khala.music.reading import read_lyrics
from khala.music.timing import TimedLine, has_times
from khala.scoring.alignment import align_lyrics
from khala.scoring.words import phones_of


def align(song: str | Path | Take, lyrics: str | None = None) -> list[TimedLine]:
    """Return the lines of `lyrics` with the times of their words in a song.

    Without lyrics they are those of the take, or of the record beside the file, and so are the times where it knows
    them. Otherwise the recogniser listens; it reads English, and other words get no time. Raises InvalidRequest if
    there are no lyrics, or none that is heard.
    """
    name = "the take" if isinstance(song, Take) else str(song)
    if lyrics is None:
        known, lyrics = _of_take(song) if isinstance(song, Take) else _beside(Path(song))
        if known and has_times(known):
            return known
    _require_words(lyrics, name)
    samples, rate = (song.samples, song.rate) if isinstance(song, Take) else read_audio(song)
    lines = align_lyrics(samples, rate, lyrics)
    if not has_times(lines):
        raise InvalidRequest(f"none of the lyrics is heard in {name}; check that they belong to it")
    return lines


def _of_take(take: Take) -> tuple[list[TimedLine] | None, str]:
    return take.lyrics_timed, take.metadata["request"]["lyrics"]


def _beside(path: Path) -> tuple[list[TimedLine] | None, str]:
    """The lyrics of a file by the record or truth beside it, with their times where these are known."""
    record, targets = own_record(path), targets_beside(path)
    lyrics = targets.lyrics if targets else ""
    try:
        known = json.loads(record.read_bytes()).get("lyrics") if record else None
        return known and [TimedLine.from_dict(line) for line in known], lyrics
    except (OSError, ValueError, TypeError, LookupError, AttributeError):
        return None, lyrics


def _require_words(lyrics: str, name: str) -> None:
    if not lyrics:
        raise InvalidRequest(f"the lyrics of {name} are not known; give them with --lyrics-file")
    if not read_lyrics(lyrics).lines:
        raise InvalidRequest("the lyrics hold no words to sing")
    if not phones_of(lyrics):
        raise InvalidRequest("no word of the lyrics can be read: words are recognised in English alone")
