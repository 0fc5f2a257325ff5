"""`khala mcp`: a server of the Model Context Protocol, for agents."""

import logging
import sys
from pathlib import Path
from typing import Annotated

import typer

from khala.cli.errors import print_line
from khala.cli.logs import log_lines
from khala.music.errors import KhalaError

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def mcp(
    url: Annotated[
        str | None,
        typer.Option(envvar="KHALA_URL", help="Address of a running service.  [default: one of its own is started]"),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where its own service keeps songs.  [default: ~/.local/share/khala]"),
    ] = None,
) -> None:
    """Serve agents on standard input and output until that is closed: they make songs, wait for them, and rework them.

    The key of a service that needs one is read from the environment variable KHALA_KEY.
    """
    log_lines(logging.WARNING)
    try:
        from khala.mcp.server import make_server
        from khala.mcp.service import Service, user_folder
    except ModuleNotFoundError as error:
        raise KhalaError(f"{error.name} is missing; pip install 'khala-music[mcp]'") from None
    if sys.stdin.isatty():
        print_line("waiting for an agent program on standard input; see docs/mcp.md for how one starts this command")
    make_server(Service(url, data or user_folder())).run()
