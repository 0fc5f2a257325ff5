"""A second opinion by code that is not ours: librosa hears tempo and key, jiwer counts wrong words and phones.

The tempo is librosa's own estimate (`librosa.feature.tempo`: autocorrelation of the onset strength, with a prior around
120 BPM). The key is the profile of Krumhansl and Kessler (1982) that correlates best with librosa's constant-Q chroma;
neither was fitted to the corpus. jiwer counts what the recognisers transcribed: it checks the counting, not the ears.
Both packages are in the extra `independent`.
"""

import warnings
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.metadata import version
from typing import Any

import numpy as np

from khala.audio.resample import resample
from khala.evaluation.targets import RequestTargets
from khala.music.errors import InvalidRequest
from khala.music.reading import sections
from khala.scoring.key import Key, estimate_key
from khala.scoring.tempo import agrees, metrical_level
from khala.scoring.types import Array
from khala.scoring.words import phones_of

PACKAGES = ("librosa", "jiwer")
RATE = 22050
HOP = 256
"""Samples at `RATE` between onset strengths: a beat at 120 BPM is placed within 2.3 %."""
MIN_SECONDS = 4.0
"""Shorter audio has no tempo, as in `tempo.estimate_tempo`."""
KRUMHANSL_KESSLER = {
    "major": np.array((6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)),
    "minor": np.array((6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)),
}
"""How well each pitch class fits a key of C: Krumhansl, Cognitive Foundations of Musical Pitch (1990), table 2.1."""
SAME_RATE = 0.005
"""Most by which two error rates that agree may differ."""


def require_packages() -> str:
    """Return names and versions of the packages. Raises InvalidRequest if one is missing."""
    for name in PACKAGES:
        _package(name)
    return " and ".join(f"{name} {version(name)}" for name in PACKAGES)


def second_opinion(samples: Array, rate: int, targets: RequestTargets, record: Mapping[str, Any]) -> dict[str, Any]:
    """Return as JSON values what the packages find in samples [channels, N], for each of "tempo", "key", "phones" and
    "words": what is "heard", the "verdict" on it (as in the report; None without a request), and whether it "agrees"
    with `record`, the report on the same samples (None where either found nothing)."""
    clean = np.nan_to_num(np.atleast_2d(samples), nan=0.0, posinf=0.0, neginf=0.0).astype(np.float32)
    signal = resample(clean.mean(axis=0, keepdims=True), rate, RATE)[0]
    bpm, key, words = tempo(signal), find_key(signal), record["words"]
    phones = error_rate(phones_of(targets.lyrics), words["heard"] or [])
    wrong = None if words["text"] is None else word_error_rate(targets.lyrics, words["text"])
    return {
        "tempo": _opinion(bpm, record["tempo"]["bpm"], agrees, targets.matches_tempo(bpm)),
        "key": _opinion(key and key.name, record["key"]["heard"], str.__eq__, targets.matches_key(key)),
        "phones": _opinion(phones, words["phoneme_error_rate"], _same_rate),
        "words": _opinion(wrong, words["word_error_rate"], _same_rate),
    }


def tempo(signal: Array) -> float | None:
    """Return librosa's tempo of a signal [N] at `RATE`, in BPM; None without onsets, or in under `MIN_SECONDS`."""
    if len(signal) < MIN_SECONDS * RATE or not signal.any():
        return None
    return float(_package("librosa").feature.tempo(y=signal, sr=RATE, hop_length=HOP)[0])


def find_key(signal: Array) -> Key | None:
    """Return the key of a signal [N] at `RATE` by librosa's chroma; None in silence, or in less than a second."""
    if len(signal) < RATE or not signal.any():
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a song has no pitch to tune to
        chroma = _package("librosa").feature.chroma_cqt(y=signal, sr=RATE)
    return estimate_key(chroma.T, KRUMHANSL_KESSLER)


def error_rate(reference: Sequence[str], hypothesis: Sequence[str]) -> float | None:
    """Return jiwer's error rate of words or phones; None if there is no reference."""
    return float(_package("jiwer").wer(" ".join(reference), " ".join(hypothesis))) if reference else None


def word_error_rate(lyrics: str, text: str) -> float | None:
    """Return jiwer's word error rate of a transcript, after its own normalisation; None for lyrics without words."""
    jiwer = _package("jiwer")
    steps = jiwer.ToLowerCase(), jiwer.RemovePunctuation(), jiwer.RemoveMultipleSpaces(), jiwer.Strip()
    normalise = jiwer.Compose(steps)
    sung = " ".join(line for section in sections(lyrics) for line in section.lines)
    return error_rate(normalise(sung).split(), normalise(text).split())


def compare(records: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    """Return for each measure how many songs pass by the second opinion ("passed" "of"), and in how many both agree
    ("agreed" of "compared"); measures that no song has are left out."""
    found = {}
    for name in ("tempo", "key", "phones", "words"):
        opinions = [record["independent"][name] for record in records]
        judged = [opinion["verdict"] for opinion in opinions if opinion["verdict"] is not None]
        both = [opinion["agrees"] for opinion in opinions if opinion["agrees"] is not None]
        if both:
            found[name] = {"passed": sum(judged), "of": len(judged), "agreed": sum(both), "compared": len(both)}
    return found


def told(count: Mapping[str, int]) -> str:
    """Return a count of `compare` in words."""
    passed = f"{count['passed']} of {count['of']} as asked, " if count["of"] else ""
    return f"{passed}agrees in {count['agreed']} of {count['compared']}"


def disagreements(record: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Return what the report and the second opinion heard, in words, for every measure in which they disagree. Tempi of
    the same beat at another metrical level say so: "161.5 BPM (2 x)"."""
    ours = {
        "tempo": record["tempo"]["bpm"],
        "key": record["key"]["heard"],
        "phones": record["words"]["phoneme_error_rate"],
        "words": record["words"]["word_error_rate"],
    }
    found = {}
    for name, heard in ours.items():
        opinion = record["independent"][name]
        if opinion["agrees"] is False:
            level = metrical_level(opinion["heard"], heard) if name == "tempo" else None
            theirs = in_words(name, opinion["heard"])
            found[name] = (in_words(name, heard), f"{theirs} ({level:.3g} x)" if level else theirs)
    return found


def in_words(name: str, heard: Any) -> str:
    """Return a finding as people read it: "129.2 BPM", "D minor", "40.0% wrong"."""
    return {"tempo": "{:.1f} BPM", "key": "{}"}.get(name, "{:.1%} wrong").format(heard)


def _opinion(heard: Any, ours: Any, same: Any, verdict: bool | None = None) -> dict[str, Any]:
    return {"heard": heard, "verdict": verdict, "agrees": None if None in (heard, ours) else bool(same(heard, ours))}


def _same_rate(one: float, other: float) -> bool:
    return abs(one - other) <= SAME_RATE


def _package(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        raise InvalidRequest(
            f"a second opinion needs {name}, which is not installed: pip install 'khala-music[independent]'"
        ) from None
