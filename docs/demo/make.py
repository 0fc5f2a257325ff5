"""Build a static site from songs of Khala's and their records: players, lyrics that follow, requests beside results.

python docs/demo/make.py                         the examples, into build/demo
python docs/demo/make.py FOLDER --to FOLDER      the songs of any folder, each with its record beside it

The site is HTML pages in English and Chinese, a style, a script and the songs. It opens from disk and on any static
host: everything is embedded or beside it, and nothing is fetched.
"""

import argparse
import json
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from itertools import groupby
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import quote

from khala.audio.files import read_audio
from khala.audio.listing import songs_in
from khala.audio.tags.cover import cover_png
from khala.evaluation.lyrics_times import align
from khala.evaluation.picture import curve, data_url
from khala.evaluation.report import evaluate_file, summarise
from khala.generation.record_file import own_record
from khala.generation.remake import read_record
from khala.generation.tagging import cover_text, title_of
from khala.music.errors import InvalidRequest
from khala.music.reading import read_lyrics
from khala.music.timing import TimedLine, untimed

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FILES = ("style.css", "player.js")
TEXTS = json.loads((HERE / "texts.json").read_text(encoding="utf-8"))
GENERATOR = '<meta name="generator" content="Khala demo">'
"""By this a page of such a site is recognised."""
MARKS = {True: ("yes", "✓"), False: ("no", "✗"), None: ("open", "–")}


@dataclass(frozen=True)
class Song:
    """A song to show: its audio file, its record, what was measured, and its lines with the times of their words."""

    path: Path
    record: Mapping[str, Any]
    measured: Mapping[str, Any]
    lines: tuple[TimedLine, ...]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("songs", nargs="?", type=Path, default=ROOT / "docs" / "examples", metavar="FOLDER")
    parser.add_argument("--to", type=Path, default=ROOT / "build" / "demo", metavar="FOLDER")
    given = parser.parse_args()
    try:
        build(given.songs, given.to)
    except InvalidRequest as error:
        sys.exit(str(error))


def build(folder: Path, site: Path) -> None:
    """Write the site of the songs in `folder` to `site`, a new folder or one that holds such a site. Raises
    InvalidRequest for another, if there are no songs or two of one name, or if one of them has no record."""
    require_own(site)
    paths = list(songs_in(folder))
    if not paths:
        raise InvalidRequest(f"there are no songs in {folder}")
    if len({path.stem for path in paths}) < len(paths):
        raise InvalidRequest(f"two songs in {folder} have the same name; rename one")
    songs = [read_song(path) for path in paths]
    site.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        shutil.copyfile(HERE / name, site / name)
    for song in songs:
        shutil.copyfile(song.path, site / song.path.name)
        record = json.dumps(song.record, indent=1, ensure_ascii=False)
        (site / f"{song.path.stem}.json").write_text(record + "\n", encoding="utf-8")
    for language, texts in TEXTS.items():
        (site / texts["file"]).write_text(page(songs, language), encoding="utf-8")


def require_own(site: Path) -> None:
    """Raise InvalidRequest for a folder that holds anything but a site of ours."""
    index = site / "index.html"
    held = index.read_text(encoding="utf-8", errors="replace") if index.is_file() else ""
    if GENERATOR not in held and site.exists() and any(site.iterdir()):
        raise InvalidRequest(f"{site} holds other files; name a new folder with --to")


def read_song(path: Path) -> Song:
    """Read the record of a song, measure it, and find when its words are sung. Raises InvalidRequest."""
    record = read_record(path)
    if own_record(path) is None:
        raise InvalidRequest(f"{path} has no record beside it")
    lyrics = record["request"]["lyrics"]
    try:
        lines = align(path) if lyrics else []
    except InvalidRequest:  # nothing of them is heard
        lines = untimed(read_lyrics(lyrics))
    return Song(path, record, evaluate_file(path), tuple(lines))


def page(songs: list[Song], language: str) -> str:
    """Return the page in a language of `TEXTS`."""
    texts = {name: escape(text) for name, text in TEXTS[language].items()}
    totals = (
        f"<li>{texts[name]}: {texts['passed'].format(count['passed'], count['of'])}</li>"
        for name, count in summarise([song.measured for song in songs]).items()
    )
    seconds = sum(song.measured["seconds"] for song in songs)
    return Template((HERE / "page.html").read_text(encoding="utf-8")).substitute(
        texts,
        generator=GENERATOR,
        language=language,
        other_file=TEXTS[texts["other"]]["file"],
        count=len(songs),
        total_seconds=f"{seconds:.0f}",
        totals="\n".join(totals),
        all_songs="\n".join(_article(number, song, texts) for number, song in enumerate(songs, 1)),
    )


def _article(number: int, song: Song, texts: Mapping[str, str]) -> str:
    request = song.record["request"]
    samples, rate = read_audio(song.path)
    return Template((HERE / "song.html").read_text(encoding="utf-8")).substitute(
        texts,
        number=number,
        name=escape(title_of(request)),
        model_name=escape(song.record["model"]["name"]),
        seed_number=song.record["seed"],
        clock=_clock(song.measured["seconds"]),
        cover=data_url(cover_png(cover_text(request))),
        source=quote(song.path.name),
        record_file=quote(f"{song.path.stem}.json"),
        exact_seconds=f"{song.measured['seconds']:.3f}",
        level_curve=curve(samples, rate),
        lyrics_list=_lyrics(song, texts),
        words_of_request=_description(request),
        asked_seconds=f"{request['duration']:g}",
        rows="\n".join(_rows(song.measured, texts)),
    )


def _lyrics(song: Song, texts: Mapping[str, str]) -> str:
    """The lines under their sections; those whose times are known are buttons."""
    items = []
    for section, lines in groupby(song.lines, key=lambda line: line.section):
        items.append(f'<li class="section">{escape(section)}</li>')
        items += [f"<li>{_line(line, texts)}</li>" for line in lines]
    return "\n".join(items) or f'<li class="section">{texts["instrumental"]}</li>'


def _line(line: TimedLine, texts: Mapping[str, str]) -> str:
    if line.start is None or line.end is None:
        missing = f" <small>({texts['not_sung']})</small>" if line.sung is False else ""
        return f'<span class="line">{escape(line.text)}{missing}</span>'
    words = " ".join(
        f'<span data-start="{word.start}" data-end="{word.end}">{escape(word.text)}</span>'
        if word.start is not None
        else escape(word.text)
        for word in line.words
    )
    return (
        f'<button type="button" class="line" data-start="{line.start}" data-end="{line.end}">'
        f"{words or escape(line.text)}</button>"
    )


def _description(request: Mapping[str, Any]) -> str:
    if request["prompt"]:
        return f"<p>{escape(request['prompt'])}</p>"
    return f'<ul class="tags">{"".join(f"<li>{escape(tag)}</li>" for tag in request["tags"])}</ul>'


def _rows(measured: Mapping[str, Any], texts: Mapping[str, str]) -> Iterator[str]:
    """Rows of the table: what was asked for, what was found, the verdict. What nobody can ask for is left out."""
    found = _cells(measured, texts)
    for name, verdict in measured["verdicts"].items():
        asked, heard = found.get(name, ("", ""))
        if heard:
            kind, sign = MARKS[verdict]
            yield (
                f'<tr><th scope="row">{texts[name]}</th><td>{escape(asked) or "–"}</td><td>{escape(heard)}</td>'
                f'<td class="{kind}"><span aria-hidden="true">{sign} </span>{texts[kind]}</td></tr>'
            )


def _cells(measured: Mapping[str, Any], texts: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """What each measure was asked to be, and what was found, in words; empty where there is none."""
    length, voice, chorus = measured["length"], measured["voice"], measured["chorus"]
    wrong, quiet = measured["words"]["phoneme_error_rate"], measured["silence"]["longest"]
    end = {True: f", {texts['ended']}", False: f", {texts['cut']}", None: ""}[length["ended"]]
    likeness = [f"{value:.2f}" for value in (chorus["choruses"], chorus["others"]) if value is not None]
    return {
        "tempo": (_bpm(measured["tempo"]["asked"]), _bpm(measured["tempo"]["bpm"])),
        "key": (measured["key"]["asked"] or "", measured["key"]["heard"] or ""),
        "style": (", ".join(measured["style"]["asked"] or ()), measured["style"]["heard"] or ""),
        "voice": (
            "" if voice["asked"] is None else texts["sung" if voice["asked"] else "unsung"],
            texts["sung_share"].format(f"{voice['share']:.0%}"),
        ),
        "words": (texts["at_most"], "" if wrong is None else texts["phones_wrong"].format(f"{wrong:.0%}")),
        "chorus": (texts["alike"], texts["likeness"].format(*likeness) if len(likeness) == 2 else ""),
        "length": (f"{length['asked']:g} s" if length["asked"] else "", f"{measured['seconds']:.1f} s{end}"),
        "sound": (
            texts["clean"],
            texts["levels"].format(f"{measured['loudness']['integrated'] or 0:.1f}", f"{quiet:.1f}"),
        ),
    }


def _bpm(value: float | list[float] | None) -> str:
    if isinstance(value, list):
        low, high = value
        return f"< {high:.0f} BPM" if low <= 0 else f"≥ {low:.0f} BPM" if high >= 400 else f"{low:.0f}–{high:.0f} BPM"
    return f"{value:.1f} BPM" if value else ""


def _clock(seconds: float) -> str:
    return f"{int(seconds // 60)}:{int(seconds % 60):02d}"


if __name__ == "__main__":
    main()
