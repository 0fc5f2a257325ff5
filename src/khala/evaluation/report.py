"""All measures of a song as one record, and the verdicts on many songs as one summary."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from khala.audio.files import read_audio
from khala.evaluation.chords import chord_agreement
from khala.evaluation.clipping import clipping
from khala.evaluation.distance import distance
from khala.evaluation.error_rate import error_rate, normalised_words, transcript
from khala.evaluation.loudness import loudness
from khala.evaluation.repetition import repetition
from khala.evaluation.sections import form_correlation
from khala.evaluation.silence import silence
from khala.evaluation.structure import compare_sections, locate_sections
from khala.evaluation.targets import RequestTargets, targets_beside
from khala.evaluation.voice import MIN_SHARE, detect_voice
from khala.music.errors import InvalidRequest
from khala.scoring.key import chroma, estimate_key
from khala.scoring.style import classify_style, embed
from khala.scoring.tempo import estimate_tempo, metrical_level
from khala.scoring.types import Array
from khala.scoring.words import PhonePosteriors, listen, phones_of

MAX_SILENCE_SECONDS = 2.0
"""Longer silence inside a song is a fault."""
MIN_FORM_CORRELATION = 0.3
"""Correlation of level and form from which a song follows its form."""
MAX_PHONEME_ERROR_RATE = 0.25
"""Phoneme error rate up to which the words count as sung."""
Reader = Callable[[Array, int], str]
"""Transcribes samples [channels, N] at a rate: a recogniser of the user."""
SecondOpinion = Callable[[Array, int, RequestTargets, Mapping[str, Any]], dict[str, Any]]
"""Measures samples [channels, N] at a rate again, and compares with the record: `independent.second_opinion`."""

VERDICTS = {
    "tempo": "tempo as asked",
    "key": "key or mode as asked",
    "style": "style as asked",
    "voice": "voice as asked",
    "words": "at most 25 % of the phones wrong",
    "chorus": "the chorus returns",
    "form": "level follows the form",
    "length": "ends by itself, within 15 % of the length asked for",
    "sound": "no long silence, no clipping, nothing that is not a number",
}
"""Names of the verdicts, and what each says of a song that passes. Where nothing was requested there is no verdict."""


def evaluate_file(
    path: Path,
    reader: Reader | None = None,
    remark: Callable[[str], None] = lambda text: None,
    second: SecondOpinion | None = None,
) -> dict[str, Any]:
    """Return the record of one file, measured against the JSON file beside it if there is one. If that is not ours,
    only the sound is judged, and `remark` is called with a line about it. What `second` measures is added under
    "independent". Raises InvalidRequest."""
    samples, rate = read_audio(path)
    try:
        targets = targets_beside(path) or RequestTargets()
    except InvalidRequest as error:
        remark(f"{error}, so only the sound of {path.name} is judged.")
        targets = RequestTargets()
    try:
        record = {"file": str(path), **evaluate(samples, rate, targets, reader)}
    except InvalidRequest as error:
        raise InvalidRequest(f"cannot measure {path}: {error}") from error
    return record | {"independent": second(samples, rate, targets, record)} if second else record


def distance_of(songs: Iterable[Path]) -> float | None:
    """Return the Fréchet distance of all songs together from the corpus; None if they are too few for one."""
    try:
        return distance([embed(*read_audio(song)) for song in songs])
    except InvalidRequest:
        return None


def evaluate(samples: Array, rate: int, targets: RequestTargets, reader: Reader | None = None) -> dict[str, Any]:
    """Return the record of samples [channels, N] as JSON values: every measure, and under "verdicts" what passed
    (true), failed (false) or was not requested (null). With a `reader` the words are judged by its transcript, too.
    Raises InvalidRequest for no samples, and for more than two channels."""
    if samples.shape[1] == 0:
        raise InvalidRequest("it holds no samples")
    if samples.shape[0] > 2:
        raise InvalidRequest(f"it has {samples.shape[0]} channels; mix it down to two")
    seconds = samples.shape[1] / rate
    tempo, voice = estimate_tempo(samples, rate), detect_voice(samples, rate)
    quiet, broken = silence(samples, rate), clipping(samples)
    notes = chroma(samples, rate)
    key, style = estimate_key(notes), classify_style(embed(samples, rate))
    heard = listen(samples, rate)
    share = (voice.share + heard.sung_share) / 2  # two detectors, which err on different songs
    present = share >= MIN_SHARE
    sections = targets.parts or targets.sections or (locate_sections(heard, targets.lyrics) if targets.lyrics else ())
    compared = compare_sections(samples, rate, sections)
    words = _words(heard, targets.lyrics, reader and reader(samples, rate))
    wrong = words["phoneme_error_rate"]
    form = form_correlation(samples, rate, targets.parts) if targets.parts else None
    return {
        "seconds": seconds,
        "rate": rate,
        "channels": samples.shape[0],
        "tempo": {
            "bpm": tempo and tempo.bpm,
            "strength": tempo and tempo.strength,
            "asked": targets.bpm or (list(targets.bpm_range) if targets.bpm_range else None),
            "metrical_level": metrical_level(tempo.bpm, targets.bpm) if tempo and targets.bpm else None,
        },
        "key": {
            "heard": key and key.name,
            "lead": key and key.lead,
            "asked": targets.key_name,
            "chords": chord_agreement(notes, targets.chords),
        },
        "style": {
            "heard": style and style.name,
            "probability": style and style.probability[style.name],
            "asked": sorted(targets.styles) or None,
        },
        "voice": {
            "share": share,
            "seconds": voice.share,
            "frames": heard.sung_share,
            "present": present,
            "asked": targets.voice,
        },
        "words": words,
        "chorus": {
            "choruses": compared and compared.choruses,
            "others": compared and compared.others,
            "sections": [[part.name, round(part.start, 2), round(part.end, 2)] for part in sections],
        },
        "form": {"correlation": form},
        "length": {"asked": targets.seconds, "ended": targets.ended},
        "silence": asdict(quiet),
        "clipping": asdict(broken),
        "loudness": asdict(loudness(samples, rate)),
        "repetition": asdict(repetition(samples, rate)),
        "verdicts": {
            "tempo": targets.matches_tempo(tempo.bpm if tempo else None),
            "key": targets.matches_key(key),
            "style": targets.matches_style(style.name if style else None),
            "voice": targets.matches_voice(present),
            "words": None if wrong is None else wrong <= MAX_PHONEME_ERROR_RATE,
            "chorus": compared and compared.returns,
            "form": (form is not None and form >= MIN_FORM_CORRELATION) if targets.parts else None,
            "length": targets.matches_length(seconds),
            "sound": quiet.longest <= MAX_SILENCE_SECONDS and not broken.clipped and not broken.not_finite,
        },
    }


def _words(heard: PhonePosteriors, lyrics: str, text: str | None) -> dict[str, Any]:
    """Error rates of the lyrics: of the recognised phones and, where a reader transcribed them, of its words."""
    phones, reference = phones_of(lyrics), normalised_words(lyrics)
    said = transcript(heard) if phones else None
    return {
        "phoneme_error_rate": None if said is None else error_rate(said, phones),
        "heard": said,
        "phones": len(phones),
        "word_error_rate": error_rate(normalised_words(text), reference) if text is not None and reference else None,
        "text": text,
    }


def summarise(records: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    """Return for every verdict how many songs passed, and of how many; what no song was asked for is left out."""
    summary = {}
    for name in VERDICTS:
        judged = [record["verdicts"][name] for record in records if record["verdicts"][name] is not None]
        if judged:
            summary[name] = {"passed": sum(judged), "of": len(judged)}
    return summary
