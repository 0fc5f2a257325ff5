"""`khala serve`: the API, the studio and its workers in one command."""

import os
import signal
import time
from threading import Thread
from typing import Annotated, Any

import typer

from khala.cli.errors import print_line
from khala.cli.generate import ENGINE_CHOICES
from khala.cli.logs import log_lines
from khala.music.errors import InvalidRequest, KhalaError

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.  [default: 127.0.0.1]")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.  [default: 8889]")] = None,
    workers: Annotated[
        int | None, typer.Option(metavar="N|0", help="Worker processes; 0 if they run elsewhere.  [default: 1 per GPU]")
    ] = None,
    gpus: Annotated[
        str | None, typer.Option(metavar="0,1", help="GPUs to use.  [default: all that workers find]")
    ] = None,
    runtime_mode: Annotated[
        str | None,
        typer.Option(metavar="keep_loaded|one_shot", help="Keep the model in memory, or load one part at a time."),
    ] = None,
    engine: Annotated[
        str | None, typer.Option(metavar=ENGINE_CHOICES, help="Library that computes.  [default: auto]")
    ] = None,
    slots: Annotated[int | None, typer.Option(help="Maximum number of takes that a worker decodes together.")] = None,
    model: Annotated[
        str | None, typer.Option(metavar="NAME|FOLDER|HUB_ID", help="Default model.  [default: mini]")
    ] = None,
    lora: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Adapter to offer. Can be repeated.  [default: all that are installed]"),
    ] = None,
    database: Annotated[
        str | None, typer.Option(metavar="URL", help="sqlite:///FILE or postgresql://...  [default: in ./khala-data]")
    ] = None,
    artifacts: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Folder or s3://BUCKET/PREFIX for audio files.  [default: in ./khala-data]"),
    ] = None,
    open: Annotated[bool | None, typer.Option("--open", help="Allow access without a key on a public address.")] = None,
    browser: Annotated[
        bool | None, typer.Option("--open-browser", "--browser", help="Open the studio in a browser.")
    ] = None,
    allow_host: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Host name to accept in requests. Can be repeated.")
    ] = None,
    allow_origin: Annotated[
        list[str] | None,
        typer.Option(metavar="ORIGIN", help="Origin whose pages may use the API (CORS). Can be repeated."),
    ] = None,
    with_parent: Annotated[bool, typer.Option("--with-parent", help="Stop when the parent process ends.")] = False,
) -> None:
    """Serve the API and the studio at http://127.0.0.1:8889 until Ctrl-C.

    Options can also be set by environment variables, such as KHALA_PORT for --port (see docs/api.md).
    """
    given: dict[str, Any] = {
        **{"host": host, "port": port, "workers": workers, "gpus": gpus, "runtime_mode": runtime_mode},
        **{"engine": engine, "slots": slots, "model": model, "database": database, "artifacts": artifacts},
        **{"open": open, "browser": browser, "offered_loras": lora or None},
        **{"allowed_hosts": allow_host or None, "cors_origins": allow_origin or None},
    }
    parent = os.getppid()  # of the program that started it, which may end at any moment
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
    print_line(f"Khala is running at {address}")
    if settings.browser:  # in a thread: a terminal browser blocks until it exits
        Thread(target=browse, args=(address,), daemon=True).start()
    if with_parent:
        Thread(target=end_with, args=(parent,), daemon=True).start()
    serving.make_server(app, settings).run(sockets=[sock])


def end_with(parent: int) -> None:
    """Stop the server, as SIGTERM does, when the process `parent` is its parent no more."""
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)


def browse(address: str) -> None:
    """Open `address` in a browser; the socket already listens, so an early request waits for its answer."""
    import webbrowser

    if not webbrowser.open(address):
        print_line(f"no browser was found; open {address}")
