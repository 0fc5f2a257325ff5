"""All measures of a song as one record, and of many songs as one summary."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from khala.audio.files import read_audio
from khala.evaluation.clipping import clipping
from khala.evaluation.repetition import repetition
from khala.evaluation.silence import silence
from khala.evaluation.structure import located, structure
from khala.evaluation.voice import PRESENT, voice
from khala.music.errors import InvalidRequest
from khala.scoring import words
from khala.scoring.asked import RequestTargets, targets_beside
from khala.scoring.key import NAMES, chords_heard, chroma, key
from khala.scoring.loudness import loudness
from khala.scoring.sections import follows
from khala.scoring.style import distance, embed, style
from khala.scoring.tempo import metrical_level, tempo
from khala.scoring.types import Array

LONG_SILENCE = 2.0
"""Seconds of silence inside a song that count as a fault."""
FOLLOWS = 0.3
"""Correlation of level and form from which a song counts as following its form."""
UNDERSTOOD = 0.4
"""Phoneme error rate up to which the words count as sung."""
Reader = Callable[[Array, int], str]
"""Writes down the words of samples [channels, N] at a rate: a recogniser that the user brings along."""

VERDICTS = {
    "tempo": "tempo as asked",
    "key": "key or mode as asked",
    "style": "style as asked",
    "voice": "voice as asked",
    "words": "at most 40 % of the phones wrong",
    "chorus": "the chorus returns",
    "form": "level follows the form",
    "length": "ends by itself, within 15 % of the length asked for",
    "sound": "no long silence, no clipping, nothing that is not a number",
}
"""What a song can pass or fail, in words. A song that was not asked for something has no verdict on it."""


def evaluate_file(
    path: Path, reader: Reader | None = None, remark: Callable[[str], None] = lambda text: None
) -> dict[str, Any]:
    """The record of one file, measured against the JSON file beside it if there is one. If that is somebody else's,
    only the sound is judged, and `remark` hears of it. Raises InvalidRequest."""
    samples, rate = read_audio(path)
    try:
        asked = targets_beside(path) or RequestTargets()
    except InvalidRequest as error:
        remark(f"{error}, so only the sound of {path.name} is judged.")
        asked = RequestTargets()
    try:
        return {"file": str(path), **evaluate(samples, rate, asked, reader)}
    except InvalidRequest as error:
        raise InvalidRequest(f"cannot measure {path}: {error}") from error


def distance_of(songs: Iterable[Path]) -> float | None:
    """Fréchet distance of all songs together from the corpus (`style.distance`); None if they are too few for one."""
    try:
        return distance([embed(*read_audio(song)) for song in songs])
    except InvalidRequest:
        return None


def evaluate(samples: Array, rate: int, asked: RequestTargets, reader: Reader | None = None) -> dict[str, Any]:
    """The record of samples [channels, N] as JSON values: every measure, and under "verdicts" what passed (true),
    failed (false) or was not asked for (null). With a `reader` the words are judged by its text, too. Raises
    InvalidRequest for no samples, and for more than two channels."""
    if samples.shape[1] == 0:
        raise InvalidRequest("it holds no samples")
    if samples.shape[0] > 2:
        raise InvalidRequest(f"it has {samples.shape[0]} channels; mix it down to two")
    seconds = samples.shape[1] / rate
    beat, sung, quiet, flat = tempo(samples, rate), voice(samples, rate), silence(samples, rate), clipping(samples)
    notes = chroma(samples, rate)
    tonality, kind = key(notes), style(embed(samples, rate))
    heard = words.listen(samples, rate)
    share = (sung.share + heard.sung) / 2  # two listeners, who err on different songs
    present = share >= PRESENT
    sections = asked.parts or asked.sections or (located(heard, asked.lyrics) if asked.lyrics else ())
    compared = structure(samples, rate, sections)
    spoken = _words(heard, asked.lyrics, reader and reader(samples, rate))
    form = follows(samples, rate, asked.parts) if asked.parts else None
    return {
        "seconds": seconds,
        "rate": rate,
        "channels": samples.shape[0],
        "tempo": {
            "bpm": beat and beat.bpm,
            "strength": beat and beat.strength,
            "asked": asked.bpm or (list(asked.limits) if asked.limits else None),
            "metrical_level": metrical_level(beat.bpm, asked.bpm) if beat and asked.bpm else None,
        },
        "key": {
            "heard": tonality and tonality.name,
            "lead": tonality and tonality.lead,
            "asked": asked.mode and " ".join([*([] if asked.tonic is None else [NAMES[asked.tonic]]), asked.mode]),
            "chords": chords_heard(notes, asked.chords),
        },
        "style": {
            "heard": kind and kind.name,
            "probability": kind and kind.probability[kind.name],
            "asked": sorted(asked.styles) or None,
        },
        "voice": {
            "share": share,
            "seconds": sung.share,
            "frames": heard.sung,
            "present": present,
            "asked": asked.voice,
        },
        "words": spoken,
        "chorus": {
            "choruses": compared and compared.choruses,
            "others": compared and compared.others,
            "sections": [[part.name, round(part.start, 2), round(part.end, 2)] for part in sections],
        },
        "form": {"correlation": form},
        "length": {"asked": asked.seconds, "ended": asked.ended},
        "silence": asdict(quiet),
        "clipping": asdict(flat),
        "loudness": asdict(loudness(samples, rate)),
        "repetition": asdict(repetition(samples, rate)),
        "verdicts": {
            "tempo": (asked.matches_tempo(beat.bpm) if beat else False) if asked.bpm or asked.limits else None,
            "key": asked.matches_key(tonality),
            "style": (kind is not None and kind.name in asked.styles) if asked.styles else None,
            "voice": None if asked.voice is None else present == asked.voice,
            "words": None if spoken["phoneme_error_rate"] is None else spoken["phoneme_error_rate"] <= UNDERSTOOD,
            "chorus": compared and compared.returns,
            "form": (form is not None and form >= FOLLOWS) if asked.parts else None,
            "length": asked.matches_length(seconds),
            "sound": quiet.longest <= LONG_SILENCE and not flat.clipped and not flat.not_finite,
        },
    }


def _words(heard: words.Heard, lyrics: str, text: str | None) -> dict[str, Any]:
    """How the lyrics are sung: by the phones that are heard and, where a reader wrote them down, by its words."""
    phones = words.phones_of(lyrics)
    meant = words.phones_of_prompt(lyrics)
    return {
        "phoneme_error_rate": words.error_rate(words.transcript(heard), phones) if phones else None,
        "phones": len(phones),
        "word_error_rate": None if text is None or not meant else words.error_rate(words.phones_of_prompt(text), meant),
        "text": text,
    }


def summarise(records: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    """For every verdict how many songs passed and of how many; what nobody was asked for is left out."""
    summary = {}
    for name in VERDICTS:
        judged = [record["verdicts"][name] for record in records if record["verdicts"][name] is not None]
        if judged:
            summary[name] = {"passed": sum(judged), "of": len(judged)}
    return summary
