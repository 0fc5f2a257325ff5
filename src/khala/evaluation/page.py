"""Measured songs as one page of HTML that needs no other file but the songs it plays."""

import os
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from khala.audio.files import read_audio
from khala.evaluation.independent import compare, disagreements, in_words, told
from khala.evaluation.picture import curve, data_url, spectrogram
from khala.evaluation.report import VERDICTS

TITLE = "<title>Measured songs</title>"
"""By this, among its first bytes, one of these pages is recognised."""
STYLE = """
:root { color-scheme: light dark; --ink: #1d1b26; --soft: #6b6878; --line: #e4e1ea; --page: #faf9fc; --card: #fff;
  --yes: #147a52; --yes-wash: #e2f4ec; --no: #b3273e; --no-wash: #fbe6e9; --accent: #7a3fd0; }
@media (prefers-color-scheme: dark) { :root { --ink: #eceaf2; --soft: #9d99ad; --line: #302d3b; --page: #131219;
  --card: #1b1a23; --yes: #62d3a2; --yes-wash: #16352a; --no: #ff8798; --no-wash: #41202a; --accent: #b490f5; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 40px 24px 64px; }
h1 { font-size: 26px; margin: 0 0 4px; letter-spacing: -0.01em; }
h2 { font-size: 16px; margin: 0; overflow-wrap: anywhere; }
p { margin: 0; color: var(--soft); } h2 + p { margin: 4px 0 16px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(190px, 1fr)); gap: 12px; margin: 24px 0 32px; }
.tile, .song, .table { background: var(--card); border: 1px solid var(--line); border-radius: 12px; }
.tile { padding: 14px 16px; display: flex; flex-direction: column; justify-content: space-between; gap: 8px; }
.tile span { font-size: 13px; line-height: 1.35; color: var(--soft); }
.tile b { font-size: 22px; font-variant-numeric: tabular-nums; }
.tile b small { font-size: 13px; font-weight: 400; color: var(--soft); }
.tile i { display: block; height: 4px; border-radius: 2px; background: var(--line); overflow: hidden; }
.tile i::before { content: ""; display: block; height: 100%; width: var(--share); background: var(--accent); }
.table { overflow-x: auto; margin-bottom: 32px; }
table { border-collapse: collapse; width: 100%; font-size: 13px; }
th, td { padding: 8px 10px; text-align: center; border-top: 1px solid var(--line); white-space: nowrap; }
tr:first-child > * { border-top: 0; } th { font-weight: 600; color: var(--soft); }
th:first-child { text-align: left; } tbody th a { color: var(--ink); text-decoration: none; font-weight: 500; }
tbody th a:hover { text-decoration: underline; } tfoot td { font-variant-numeric: tabular-nums; font-weight: 600; }
.yes { color: var(--yes); } .no { color: var(--no); } .open { color: var(--soft); opacity: .5; }
.song { padding: 20px; margin-bottom: 20px; }
.song header { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: 12px; }
.picture { position: relative; margin: 14px 0 0; } .picture img { display: block; width: 100%; height: 150px;
  border-radius: 8px 8px 0 0; image-rendering: auto; }
.picture svg { display: block; width: 100%; height: 36px; border-radius: 0 0 8px 8px; background: var(--page); }
.picture polygon { fill: var(--accent); opacity: .55; }
.parts { position: relative; height: 20px; font-size: 11px; color: var(--soft); }
.parts span { position: absolute; overflow: hidden; padding-left: 5px; border-left: 1px solid var(--line); }
ul { list-style: none; display: flex; flex-wrap: wrap; gap: 6px; margin: 12px 0 0; padding: 0; }
li { font-size: 13px; padding: 2px 10px; border-radius: 999px; }
li.yes { background: var(--yes-wash); } li.no { background: var(--no-wash); }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: 10px 16px; margin: 14px 0 0; }
dt { font-size: 12px; color: var(--soft); } dd { margin: 0; font-variant-numeric: tabular-nums; }
audio { height: 36px; max-width: 100%; }
"""
MARKS = {True: ("yes", "✓", "passed"), False: ("no", "✗", "failed"), None: ("open", "–", "not asked for")}


def page(
    records: Sequence[Mapping[str, Any]],
    summary: Mapping[str, Mapping[str, int]],
    folder: Path,
    distance: float | None,
    packages: str = "",
) -> str:
    """Return the report on measured files as HTML, to be written into `folder`: totals, a table of verdicts, every song
    with its spectrum, its level and its figures. `distance` is that of all songs from the corpus, `packages` those of a
    second opinion. Reads the files again, one after another."""
    cards = "\n".join(_card(number, record, folder) for number, record in enumerate(records))
    apart = f" Fréchet distance from the corpus: {distance:.1f}." if distance is not None else ""
    seconds = sum(record["seconds"] for record in records)
    length = f"{seconds / 60:.1f} minutes" if seconds >= 120 else f"{seconds:.0f} seconds"
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
{TITLE}
<style>{STYLE}</style>
</head>
<body>
<main>
<h1>Measured songs</h1>
<p>{len(records)} song{"s" * (len(records) != 1)}, {length}.{apart}</p>
{_tiles(summary)}
{_table(records, summary)}
{_second_opinion(records, packages) if packages else ""}{cards}
</main>
</body>
</html>
"""


def _tiles(summary: Mapping[str, Mapping[str, int]]) -> str:
    tiles = (
        f'<div class="tile"><span>{escape(VERDICTS[name])}</span><div><b>{count["passed"]} <small>of {count["of"]}'
        f'</small></b><i style="--share: {count["passed"] / count["of"]:.0%}"></i></div></div>'
        for name, count in summary.items()
    )
    return f'<div class="tiles">{"".join(tiles)}</div>'


def _table(records: Sequence[Mapping[str, Any]], summary: Mapping[str, Mapping[str, int]]) -> str:
    names = list(summary)
    head = "".join(f'<th scope="col" title="{escape(VERDICTS[name])}">{name}</th>' for name in names)
    rows = (
        f'<tr><th scope="row"><a href="#song-{number}">{escape(Path(record["file"]).name)}</a></th>'
        + "".join(f"<td>{_mark(record['verdicts'][name])}</td>" for name in names)
        + "</tr>"
        for number, record in enumerate(records)
    )
    foot = "".join(f"<td>{summary[name]['passed'] / summary[name]['of']:.0%}</td>" for name in names)
    return (
        f'<div class="table"><table><thead><tr><th scope="col">song</th>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody>"
        f'<tfoot><tr><th scope="row">passed</th>{foot}</tr></tfoot></table></div>'
    )


def _second_opinion(records: Sequence[Mapping[str, Any]], packages: str) -> str:
    totals = "; ".join(f"{name}: {told(count)}" for name, count in compare(records).items())
    rows = "".join(
        f'<tr><th scope="row"><a href="#song-{number}">{escape(Path(record["file"]).name)}</a></th>'
        f"<td>{name}</td><td>{escape(ours)}</td><td>{escape(theirs)}</td></tr>"
        for number, record in enumerate(records)
        for name, (ours, theirs) in disagreements(record).items()
    )
    head = "".join(f'<th scope="col">{title}</th>' for title in ("disagreement", "measure", "Khala", "second opinion"))
    table = f'<div class="table"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>\n'
    return f"<h2>Second opinion, by {escape(packages)}</h2>\n<p>{totals}.</p>\n{table if rows else ''}"


def _mark(verdict: bool | None) -> str:
    kind, sign, words = MARKS[verdict]
    return f'<span class="{kind}" role="img" aria-label="{words}">{sign}</span>'


def _card(number: int, record: Mapping[str, Any], folder: Path) -> str:
    path = Path(record["file"])
    samples, rate = read_audio(path)
    link = quote(Path(os.path.relpath(path.absolute(), folder.absolute())).as_posix())
    verdicts = "".join(
        f'<li class="{MARKS[passed][0]}">{MARKS[passed][1]} {escape(VERDICTS[name])}</li>'
        for name, passed in record["verdicts"].items()
        if passed is not None
    )
    facts = "".join(f"<div><dt>{name}</dt><dd>{escape(value)}</dd></div>" for name, value in figures(record).items())
    name = escape(path.name)
    return f"""<section class="song" id="song-{number}">
<header><h2>{name}</h2><audio controls preload="none" src="{link}"></audio></header>
<div class="picture">
<img alt="Spectrum of {name}" src="{data_url(spectrogram(samples, rate))}">
<svg viewBox="0 0 100 40" preserveAspectRatio="none" role="img" aria-label="Level of {name}">
<polygon points="{curve(samples, rate)}"/></svg>
{_parts(record)}</div>
<ul>{verdicts}</ul>
<dl>{facts}</dl>
</section>"""


def _parts(record: Mapping[str, Any]) -> str:
    spans = "".join(
        f'<span style="left: {start / record["seconds"]:.2%}; width: {(end - start) / record["seconds"]:.2%}">'
        f"{escape(name)}</span>"
        for name, start, end in record["chorus"]["sections"]
    )
    return f'<div class="parts">{spans}</div>\n' if spans else ""


def figures(record: Mapping[str, Any]) -> dict[str, str]:
    """Return the measured figures in words, by name; what was not measured is left out."""

    def beside(heard: str, wanted: object) -> str:
        return f"{heard} (asked: {wanted})" if wanted else heard

    bpm = record["tempo"]["asked"]
    limits = f"{bpm[0]:.0f} to {bpm[1]:.0f}" if isinstance(bpm, list) else bpm and f"{bpm:.1f}"
    wanted = record["length"]["asked"]
    found = {
        "length": beside(f"{record['seconds']:.1f} s", wanted and f"{wanted:.0f} s"),
        "tempo": record["tempo"]["bpm"] and beside(f"{record['tempo']['bpm']:.1f} BPM", limits),
        "key": record["key"]["heard"] and beside(record["key"]["heard"], record["key"]["asked"]),
        "notes on the chords": record["key"]["chords"] and f"{record['key']['chords']:.0%}",
        "style": record["style"]["heard"]
        and beside(record["style"]["heard"], ", ".join(record["style"]["asked"] or ())),
        "somebody sings in": f"{record['voice']['share']:.0%} of the seconds",
        "wrong phones": _percent(record["words"]["phoneme_error_rate"]),
        "wrong words": _percent(record["words"]["word_error_rate"]),
        "choruses alike": record["chorus"]["choruses"] is not None
        and f"{record['chorus']['choruses']:.2f} (verse and chorus: {record['chorus']['others']:.2f})",
        "level and form": record["form"]["correlation"] is not None and f"r = {record['form']['correlation']:.2f}",
        "loudness": record["loudness"]["integrated"] and f"{record['loudness']['integrated']:.1f} LUFS",
        "longest silence": f"{record['silence']['longest']:.1f} s",
        "longest loop": f"{record['repetition']['longest']:.1f} s",
    }
    for name, opinion in record.get("independent", {}).items():
        if opinion["heard"] is not None:
            differs = " (differs)" if opinion["agrees"] is False else ""
            found[f"{name}, second opinion"] = f"{in_words(name, opinion['heard'])}{differs}"
    return {name: value for name, value in found.items() if value}


def _percent(rate: float | None) -> str | None:
    return None if rate is None else f"{rate:.0%}"
