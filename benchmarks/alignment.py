"""Measure how exactly words are timed: the recogniser's alignment against what is known of the songs.

    python benchmarks/alignment.py FOLDER [--songs 20] [--codec mp3|opus]

FOLDER holds songs of `khala corpus synth`, whose truth knows when each word begins, or of `khala generate` with Khala
Mini, whose record does. Each song is also aligned with every third line taken out of the lyrics, and with a line of
another song behind every third one. `--codec` aligns what is left of the songs after such a file.
"""

import argparse
import json
from collections.abc import Sequence
from io import BytesIO
from itertools import islice
from pathlib import Path
from time import process_time

import numpy as np
import soundfile

from khala.audio.files import read_audio
from khala.audio.listing import songs_in
from khala.audio.transcode import transcode
from khala.music.timing import TimedLine, TimedWord
from khala.scoring.alignment import align_words
from khala.scoring.words import listen


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--songs", type=int, default=20)
    parser.add_argument("--codec", choices=("mp3", "opus"))
    arguments = parser.parse_args()
    known_songs = ((song, known) for song in songs_in(arguments.folder) if (known := truth(song)))
    songs = list(islice(known_songs, arguments.songs))
    versions = {"as given": as_given, "lines missing": without_some, "lines too many": with_others}
    errors: dict[str, list[float]] = {name: [] for name in versions}
    counts = {name: np.zeros(4, int) for name in versions}  # sung lines, of these missed, others, of these found
    seconds = cpu = 0.0
    for number, (song, known) in enumerate(songs):
        samples, rate = coded(song, arguments.codec)
        seconds, start = seconds + samples.shape[1] / rate, process_time()
        heard = listen(samples, rate)
        for name, change in versions.items():
            lines, others = change(known, songs[number - 1][1])
            found = align_words(heard, "\n".join(line.text for line in lines))
            cpu += process_time() - start if name == "as given" else 0
            for line, its in zip(lines, found, strict=True):
                other = line.text in others
                counts[name] += [not other, not other and its.start is None, other, other and its.start is not None]
                errors[name] += [] if other else differences(line, its)
    print(f"{len(songs)} songs, {seconds:.0f} s; {60 * cpu / seconds:.2f} s of CPU time for a minute")
    for name, its in errors.items():
        median, tenth = (1000 * np.percentile(np.abs(its), share) for share in (50, 90))
        late = np.mean(np.abs(its) > 0.3)
        sung, missed, others, false = counts[name]
        print(
            f"{name:14} {len(its):5} words: median {median:.0f} ms, 90 % within {tenth:.0f} ms, {late:.1%} off by over "
            f"0.3 s; {missed} of {sung} sung lines not found, {false} of {others} others found"
        )


def truth(song: Path) -> list[TimedLine] | None:
    """The lines of a song that are sung, with the times of their words; None where they are not known."""
    try:
        fields = json.loads(song.with_suffix(".json").read_text())
    except (OSError, ValueError):
        return None
    if "truth" not in fields:
        lines = [TimedLine.from_dict(line) for line in fields.get("lyrics") or ()]
        return [line for line in lines if any(word.start for word in line.words)] or None
    lines = [TimedLine(line["text"]) for line in fields["truth"]["lines"]]
    words: list[list[TimedWord]] = [[] for _ in lines]
    for word in fields["truth"]["words"]:
        words[word["line"]].append(TimedWord(word["word"], word["start"], word["end"]))
    return [TimedLine(line.text, words=tuple(its)) for line, its in zip(lines, words, strict=True)] or None


Change = tuple[list[TimedLine], set[str]]
"""Lines to align, and the texts of those that are not sung."""


def as_given(lines: Sequence[TimedLine], others: Sequence[TimedLine]) -> Change:
    return list(lines), set()


def without_some(lines: Sequence[TimedLine], others: Sequence[TimedLine]) -> Change:
    return [line for number, line in enumerate(lines) if number % 3 != 1], set()


def with_others(lines: Sequence[TimedLine], others: Sequence[TimedLine]) -> Change:
    own = {line.text for line in lines}
    foreign = [line for line in others if line.text not in own]
    mixed = []
    for number, line in enumerate(lines):
        mixed += [line, foreign[number % len(foreign)]] if foreign and number % 3 == 1 else [line]
    return mixed, {line.text for line in foreign}


def differences(line: TimedLine, found: TimedLine) -> list[float]:
    """Seconds by which the words of a line begin too late, where both are known."""
    if len(line.words) != len(found.words):
        return []
    pairs = ((one.start, other.start) for one, other in zip(line.words, found.words, strict=True))
    return [other - one for one, other in pairs if one is not None and other is not None]


def coded(song: Path, codec: str | None) -> tuple[np.ndarray, int]:
    """Samples [channels, N] of a song and their rate, after the codec if one is named."""
    if codec is None:
        return read_audio(song)
    samples, rate = read_audio(song)
    flac = BytesIO()
    soundfile.write(flac, samples.T, rate, format="FLAC")
    samples, rate = soundfile.read(BytesIO(transcode(flac.getvalue(), codec)), dtype="float32", always_2d=True)
    return np.ascontiguousarray(samples.T), rate


if __name__ == "__main__":
    main()
