"""Measure the seams of songs that are made of others, beside random bar lines of the songs themselves.

    python benchmarks/seams.py [--model mini] [--songs 20] [--candidates 4]

Lyrics are those of requests.json. Of each request a song is made of its first four lines; the next two are sung in a
longer song, and another request's line replaces its second line. At a seam, or a bar line, are measured: how much
louder or softer the two seconds behind are than those before, the strongest onset within a tenth of a second as a share
of the song's strong ones, and by how much of a beat the onsets of four seconds are shifted. Also: whether the key, and
its scale of seven notes, are heard to be the same before and behind the seam, and in either half of the song itself;
and the share of phones of a line that the recogniser gets wrong, in lines sung anew and in all others.
"""

import argparse
import json
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

import khala
from khala.generation.take import Take
from khala.music.distance import edit_distance
from khala.music.errors import InvalidRequest
from khala.scoring.ctc import greedy_decode
from khala.scoring.key import chroma, estimate_key
from khala.scoring.spectrum import FRAMES_PER_SECOND, mono
from khala.scoring.tempo import onsets
from khala.scoring.words import listen, phones_of

REQUESTS = Path(__file__).with_name("requests.json")
SIDE_SECONDS, BEATS_SECONDS, NEAR_SECONDS = 2.0, 4.0, 0.1
FIGURES = ("loudness, dB", "onset", "shift, beats")
C_MAJOR = [0, 2, 4, 5, 7, 9, 11]  # A minor is the same seven pitch classes


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--model", default="mini")
    parser.add_argument("--songs", type=int, default=20)
    parser.add_argument("--candidates", type=int, default=4)
    arguments = parser.parse_args()
    pipe = khala.load(arguments.model)
    requests = json.loads(REQUESTS.read_text(encoding="utf-8"))["requests"]
    seams: dict[str, list[list[float]]] = {"bar lines": [], "extended": [], "edited": []}
    keys: dict[str, list[tuple[bool, bool]]] = {"extended": [], "the song itself": []}
    wrong: dict[str, list[float]] = {"lines of songs": [], "lines behind the seam": [], "edited lines": []}
    for number in range(arguments.songs):
        request, other = requests[number % len(requests)], requests[(number + 1) % len(requests)]
        words, more = sung_lines(request["lyrics"]), sung_lines(other["lyrics"])
        lyrics = "[verse]\n" + "\n".join(words[:4])
        song = pipe.generate(**{**request, "lyrics": lyrics, "duration": 36.0, "seed": number})[0]
        longer = pipe.extend(song, lyrics="[verse]\n" + "\n".join(words[4:6]), seed=number)[0]
        edited = edit(pipe, song, lyrics, more, arguments.candidates, number)
        bars = list(bar_lines(song))
        at = [Random(number).choice(bars) for _ in range(2)]
        seams["bar lines"] += [measure(song, seconds) for seconds in at]
        start = longer.metadata["derived"]["start"]
        seams["extended"].append(measure(longer, start))
        keys["extended"].append(same_key(longer, start))
        keys["the song itself"].append(same_key(song, song.seconds / 2))
        rates = line_errors(song)
        wrong["lines of songs"] += rates
        wrong["lines behind the seam"] += line_errors(longer)[4:]
        if edited is not None:
            seams["edited"] += [measure(edited, seconds) for seconds in edited.metadata["derived"]["spans"][0]]
            wrong["edited lines"].append(line_errors(edited)[1])
        print(f"{number + 1} of {arguments.songs}", flush=True)
    print("| | seams | " + " | ".join(f"{name}: median, 90 %" for name in FIGURES) + " |")
    for name, rows in seams.items():
        middle, most = (np.percentile(np.array(rows), share, axis=0) for share in (50, 90))
        cells = " | ".join(f"{a:.2f}, {b:.2f}" for a, b in zip(middle, most, strict=True))
        print(f"| {name} | {len(rows)} | {cells} |")
    for name, same in keys.items():
        key, scale = np.sum(same, axis=0)
        print(f"{name}: the key stays in {key}, its scale in {scale} of {len(same)}")
    for name, rates in wrong.items():
        print(f"phones wrong, {name}: {np.mean(rates):.0%} of {len(rates)} lines")


def sung_lines(lyrics: str) -> list[str]:
    """The lines of lyrics without headers, each once."""
    lines = (line.strip() for line in lyrics.splitlines())
    return list(dict.fromkeys(line for line in lines if line and not line.startswith("[")))


def edit(pipe: khala.Pipeline, song: Take, lyrics: str, lines: list[str], candidates: int, seed: int) -> Take | None:
    """The song with another second line: the first of other `lines` that has room."""
    for line in lines:
        try:
            changed = lyrics.replace(lyrics.splitlines()[2], line)
            return pipe.edit(song, lyrics=changed, candidates=candidates, seed=seed)[0]
        except InvalidRequest:
            continue
    return None


def bar_lines(song: Take) -> Any:
    """Times of the bar lines at least four seconds from either end."""
    outline = song.metadata["outline"]
    bar = 60 / outline["bpm"] * outline["beats"]
    return (number * bar for number in range(int(song.seconds / bar)) if 4 < number * bar < song.seconds - 4)


def measure(song: Take, seconds: float) -> list[float]:
    """The figures of a point in time."""
    at, side = round(seconds * song.rate), round(SIDE_SECONDS * song.rate)
    before, behind = (
        10 * np.log10(np.mean(np.square(part, dtype=np.float64)) + 1e-9)
        for part in (song.samples[:, max(at - side, 0) : at], song.samples[:, at : at + side])
    )
    envelope = onsets(mono(song.samples, song.rate)).mean(axis=0)
    frame, near = round(seconds * FRAMES_PER_SECOND), round(NEAR_SECONDS * FRAMES_PER_SECOND)
    strong = np.percentile(envelope, 95) + 1e-9
    beat = 60 / song.metadata["outline"]["bpm"] * FRAMES_PER_SECOND
    span = round(BEATS_SECONDS * FRAMES_PER_SECOND)
    turn = np.exp(-2j * np.pi * np.arange(len(envelope)) / beat) * envelope
    phases = [np.angle(part.sum()) for part in (turn[max(frame - span, 0) : frame], turn[frame : frame + span])]
    shift = abs((phases[1] - phases[0] + np.pi) % (2 * np.pi) - np.pi) / (2 * np.pi)
    return [abs(behind - before), float(envelope[max(frame - near, 0) : frame + near].max(initial=0) / strong), shift]


def same_key(song: Take, seconds: float) -> tuple[bool, bool]:
    """Whether the same key, and the same scale, are heard before and behind a point in time."""
    at = round(seconds * song.rate)
    parts = [chroma(part, song.rate) for part in (song.samples[:, :at], song.samples[:, at:])]
    keys = [estimate_key(part) for part in parts]
    scales = [max(range(12), key=lambda tonic: np.roll(part.mean(axis=0), -tonic)[C_MAJOR].sum()) for part in parts]
    return None not in keys and keys[0].name == keys[1].name, scales[0] == scales[1]  # type: ignore[union-attr]


def line_errors(song: Take) -> list[float]:
    """The share of phones that the recogniser gets wrong in each line that is sung, within the time of the line."""
    heard, found = listen(song.samples, song.rate), []
    for line in song.metadata["lyrics"]:
        wanted = phones_of(line["text"])
        if line["start"] is None or not wanted:
            found.append(1.0)
            continue
        first, last = (round((line[edge] + more) * heard.frame_rate) for edge, more in (("start", -0.2), ("end", 0.2)))
        said = greedy_decode(heard.ctc[max(first, 0) : last])
        found.append(edit_distance(said, wanted) / len(wanted))
    return found


if __name__ == "__main__":
    main()
