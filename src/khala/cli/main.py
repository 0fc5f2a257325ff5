"""The `khala` command. A verb is a module `khala.cli.<verb>` with a typer app `app`, imported on first use."""

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from khala import __version__
from khala.cli.errors import INTERRUPTED, print_error, report
from khala.cli.streams import prepare_streams
from khala.cli.welcome import welcome

VERBS = {
    "generate": "Make a song from a description and lyrics.",
    "extend": "Make a longer song of a song.",
    "edit": "Sing a part of a song anew.",
    "vary": "Make another song of the same form, or refine a song anew.",
    "align": "Find when the words of a song are sung.",
    "share": "Write a song as one page of HTML, to be sent to anyone.",
    "serve": "Run the API, the studio and workers.",
    "mcp": "Serve agents: an MCP server on standard input and output.",
    "keys": "Create, list and revoke API keys of a service.",
    "worker": "Run a worker that makes the takes of a service.",
    "models": "List, describe, download, import and export models.",
    "evaluate": "Measure songs: tempo, key, style, voice, words, form, sound.",
    "bench": "Benchmark this machine.",
    "doctor": "Check whether this machine can make songs.",
    "corpus": "Build a training corpus and tokenize it.",
    "train": "Train a codec, language models or a recogniser.",
    "finetune": "Teach a model your own songs: train an adapter.",
    "lora": "List adapters, merge them into a model, take them out again.",
}


class Verbs(TyperGroup):
    """The commands of `VERBS`, each imported on first use."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: Any, name: str) -> Any:
        return typer.main.get_command(import_module(f"khala.cli.{name}").app) if name in VERBS else None

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))


app = typer.Typer(cls=Verbs, rich_markup_mode=None, add_completion=False)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"khala {__version__}")
        raise typer.Exit


@app.callback()
def khala(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Make whole songs from words."""


def run(args: Sequence[str]) -> int:
    """Run `khala ARGS` and return the exit status; without any, say what can be done next.

    Errors that a user can cause are one line on stderr."""
    if not args:
        for line in welcome():
            typer.echo(line)
        return 0
    try:
        status = typer.main.get_command(app).main(list(args), prog_name="khala", standalone_mode=False)
    except KeyboardInterrupt:
        status = INTERRUPTED
    except typer.Abort:
        status = INTERRUPTED
    except Exception as error:
        status = report(error)
    if status == INTERRUPTED:
        print_error("interrupted")
    return status if isinstance(status, int) else 0


def main() -> None:
    """Entry point of the `khala` script."""
    prepare_streams()
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
