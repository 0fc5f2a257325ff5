"""`khala corpus`: training songs, composed and rendered from seeds or the user's own."""

import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from khala.cli.errors import print_error
from khala.cli.progress import progress
from khala.music.errors import InvalidRequest

if TYPE_CHECKING:
    from khala.corpus.composer.synth import SynthProgress

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Build a training corpus of composed songs or your own, and tokenize it.",
)

_REPORT_SECONDS = 5.0  # between progress lines if stderr is not a terminal


@app.command()
def synth(
    out: Annotated[Path, typer.Option(help="Folder of the corpus; songs already in it are kept.")],
    songs: Annotated[int | None, typer.Option(min=1, help="Number of songs.")] = None,
    hours: Annotated[float | None, typer.Option(help="Hours of audio, instead of --songs.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the first song; later songs count up from it.")] = 1,
    processes: Annotated[int, typer.Option(min=1, help="Number of parallel processes.")] = 1,
) -> None:
    """Compose and render songs: audio and ground truth."""
    if (songs is None) == (hours is None) or (hours is not None and not 0 < hours < float("inf")):
        raise InvalidRequest("give either --songs N or --hours H, above 0")
    from khala.corpus.composer.synth import synth as make

    made = make(out, songs, hours, seed, processes, _reporter(songs, hours))
    typer.echo(f"{made.songs} songs, {made.seconds / 3600:.2f} hours in {out}")


@app.command()
def ingest(
    folder: Annotated[Path, typer.Argument(help="Folder of your songs: NAME.mp3 (or wav, flac, opus, aiff, ...).")],
    out: Annotated[Path, typer.Option(help="Folder of the corpus; songs already in it are kept.")],
    processes: Annotated[int, typer.Option(min=1, help="Number of parallel processes.")] = 1,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress.")] = False,
) -> None:
    """Add your own songs to a corpus.

    Lyrics go next to NAME.mp3 in NAME.txt, or with time stamps in NAME.lrc; other metadata in NAME.json, for example
    {"tags": "rock, male vocals", "bpm": 120} or {"tags": "piano", "instrumental": true}. Songs that cannot be added are
    reported and skipped, and the exit status is then 2.
    """
    from khala.corpus.data.ingest import ingest as take_in

    with progress(quiet) as report:
        done = take_in(folder, out, processes=processes, refuse=print_error, progress=report)
    refused = f", {done.refused} refused" if done.refused else ""
    typer.echo(
        f"{done.new} songs added to {out}; {done.kept} already there, {done.changed} with changed metadata{refused}"
    )
    raise typer.Exit(InvalidRequest.exit_status if done.refused else 0)


@app.command()
def tokenize(
    corpus: Annotated[Path, typer.Argument(help="Folder of the corpus.")],
    codec: Annotated[
        str, typer.Option(metavar="FOLDER|MODEL", help="Folder of a codec; or a model, by name, folder or hub id.")
    ],
    out: Annotated[
        str, typer.Option(help="Folder of the tokens, or its URL (s3://BUCKET/PATH); songs already in it are kept.")
    ],
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, mps, ...")] = "auto",
    processes: Annotated[int, typer.Option(min=1, help="Number of parallel processes, one shard each.")] = 1,
) -> None:
    """Tokenize the songs of a corpus for training."""
    from khala.corpus.data.shards import tokenize as encode

    songs = encode(corpus, codec, out, device=device, processes=processes, progress=_report_tokens)
    typer.echo(f"{songs} songs added to {out}")


@app.command()
def stats(corpus: Annotated[Path, typer.Argument(help="Folder of the corpus.")]) -> None:
    """Show statistics of a corpus: hours, styles, voices, tempi, forms, words."""
    from khala.corpus.data.manifest import read_corpus
    from khala.corpus.data.split import is_held_out, is_unheard

    songs = list(read_corpus(corpus))
    tempi = sorted(song.truth["bpm"] for song in songs if "bpm" in song.truth)
    words = Counter(word["word"] for song in songs for word in song.truth.get("words", ()))
    typer.echo(f"songs   {len(songs)}")
    typer.echo(f"hours   {sum(song.duration for song in songs) / 3600:.2f}")
    long = sum(song.duration > 120 for song in songs)
    lengths = f"{min(s.duration for s in songs):.0f} to {max(s.duration for s in songs):.0f} s"
    typer.echo(f"length  {lengths}; {long} songs over two minutes")
    if tempi:
        typer.echo(f"tempo   {tempi[0]:.0f} to {tempi[-1]:.0f} BPM, median {tempi[len(tempi) // 2]:.0f}")
    typer.echo(f"styles  {_counts(Counter(song.style or 'unknown' for song in songs))}")
    typer.echo(f"voices  {_counts(Counter(song.vocal or 'none' for song in songs))}")
    for name, key in (("singers", "singer"), ("lyrics", "words_from")):
        if named := Counter(song.truth[key] for song in songs if song.truth.get(key)):
            typer.echo(f"{name:7} {_counts(named)}")
    forms = Counter(
        tuple(part["name"] for part in song.truth["sections"]) for song in songs if "sections" in song.truth
    )
    if forms:
        most = "; ".join(f"{' '.join(form)} {number}" for form, number in forms.most_common(3))
        typer.echo(f"forms   {len(forms)} different, most often {most}")
    if words:
        most = _counts(Counter(dict(words.most_common(12))))
        typer.echo(f"words   {words.total()} sung, {len(words)} different: {most}")
    held_out = [song for song in songs if is_held_out(f"song-{song.seed}")]
    apart = [song for song in held_out if song.truth.get("words_from") == "unheard"]
    unheard = {word["word"] for song in apart for word in song.truth["words"] if is_unheard(word["word"])}
    typer.echo(f"held out {len(held_out)} songs, {len(apart)} of them with {len(unheard)} words found in no other song")


def _counts(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {number}" for name, number in counter.most_common())


def _report_tokens(done: int, songs: int) -> None:
    typer.echo(f"{done} of {songs} songs tokenized", err=True)


def _reporter(songs: int | None, hours: float | None) -> Callable[["SynthProgress"], None]:
    """Return a reporter that rewrites one line on a terminal and prints a line every few seconds elsewhere."""
    terminal = sys.stderr.isatty()
    last = time.monotonic()

    def report(progress: "SynthProgress") -> None:
        nonlocal last
        share = progress.songs / songs if songs else progress.seconds / 3600 / (hours or 1.0)
        complete = share >= 1
        if not (terminal or complete) and time.monotonic() - last < _REPORT_SECONDS:
            return
        last = time.monotonic()
        left = progress.seconds * (1 / share - 1) / max(progress.speed, 1e-9)
        line = (
            f"{progress.songs} songs, {progress.seconds / 3600:.2f} h of audio, {min(share, 1):.0%}, "
            f"{progress.speed:.1f} times real time, {max(left, 0) / 60:.0f} min left"
        )
        typer.echo(f"\r{line}\033[K" if terminal else line, nl=complete or not terminal, err=True)

    return report
