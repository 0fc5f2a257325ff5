"""`khala serve`: the API, the studio's page, and workers that make the songs, by one command."""

from threading import Thread
from typing import Annotated, Any

import typer

from khala.cli.errors import say
from khala.cli.logs import log_lines
from khala.music.errors import InvalidRequest, KhalaError

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to serve at.  [default: 127.0.0.1]")] = None,
    port: Annotated[int | None, typer.Option(help="[default: 8889]")] = None,
    workers: Annotated[
        int | None, typer.Option(metavar="N|0", help="Worker processes; 0: they run elsewhere.  [default: 1 per GPU]")
    ] = None,
    gpus: Annotated[
        str | None, typer.Option(metavar="0,1", help="GPUs to work on.  [default: what a worker finds]")
    ] = None,
    runtime_mode: Annotated[
        str | None,
        typer.Option(metavar="keep_loaded|one_shot", help="Whether the model stays in memory between songs."),
    ] = None,
    slots: Annotated[int | None, typer.Option(help="Takes that a worker decodes together at most.")] = None,
    model: Annotated[
        str | None, typer.Option(metavar="NAME|FOLDER|HUB_ID", help="For songs that name none.  [default: mini]")
    ] = None,
    database: Annotated[
        str | None, typer.Option(metavar="URL", help="sqlite:///FILE or postgresql://...  [default: in ./khala-data]")
    ] = None,
    artifacts: Annotated[
        str | None, typer.Option(metavar="URL", help="A folder, or s3://BUCKET/PREFIX.  [default: in ./khala-data]")
    ] = None,
    open: Annotated[
        bool | None, typer.Option("--open", help="Let others in without a key, on an address that they can reach.")
    ] = None,
    browser: Annotated[bool | None, typer.Option("--browser", help="Show the studio in a browser.")] = None,
    allow_host: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A name that requests may call this server by.")
    ] = None,
    allow_origin: Annotated[
        list[str] | None, typer.Option(metavar="ORIGIN", help="Pages of that origin may use the API.")
    ] = None,
) -> None:
    """Serve the API and the studio at http://127.0.0.1:8889, until Ctrl-C.

    Each option can be given as an environment variable as well: --port as KHALA_PORT (docs/api.md names all).
    """
    given: dict[str, Any] = {
        **{"host": host, "port": port, "workers": workers, "gpus": gpus, "runtime_mode": runtime_mode, "slots": slots},
        **{"model": model, "database": database, "artifacts": artifacts, "open": open, "browser": browser},
        **{"allowed_hosts": allow_host or None, "cors_origins": allow_origin or None},
    }
    log_lines()
    try:
        from pydantic import ValidationError

        from khala.jobs.library import Library
        from khala.jobs.records import Limits
        from khala.server import serve as serving
        from khala.server.app import create_app
        from khala.server.settings import Settings
    except ModuleNotFoundError as error:
        raise KhalaError(f"{error.name} is missing; pip install 'khala-music[serve]'") from None
    try:
        settings = Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        raise InvalidRequest(f"--{'-'.join(map(str, first['loc'][:1])).replace('_', '-')}: {first['msg']}") from None
    sock = serving.listen(settings)
    limits = Limits(settings.owner_queued, settings.owner_running, settings.queue_limit)
    app = create_app(Library.open(settings.database, settings.artifacts, limits), settings)
    shown = f"[{settings.host}]" if ":" in settings.host else settings.host
    address = f"http://{shown}:{sock.getsockname()[1]}"
    say(f"Khala is at {address}")
    if settings.browser:  # in a thread: a browser in the terminal returns when it ends
        Thread(target=browse, args=(address,), daemon=True).start()
    serving.make_server(app, settings).run(sockets=[sock])


def browse(address: str) -> None:
    """Show `address`; the socket listens already, so that what connects early waits for its answer."""
    import webbrowser

    if not webbrowser.open(address):
        say(f"no browser was found; open {address}")
