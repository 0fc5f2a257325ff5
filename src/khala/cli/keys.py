"""`khala keys`: API keys of a service, of which only digests are kept."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from khala.cli.errors import say
from khala.music.errors import InvalidRequest, KhalaError

app = typer.Typer(rich_markup_mode=None, add_completion=False)

Database = Annotated[
    str, typer.Option(metavar="URL", envvar="KHALA_DATABASE", help="postgresql://... or sqlite:///FILE.")
]
DATABASE = "sqlite:///khala-data/khala.sqlite"


@app.callback()
def keys() -> None:
    """Make, list and revoke API keys. As soon as there is one, everybody needs one."""


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="Whose it is; somebody who has keys already gets a further one.")],
    role: Annotated[
        str | None, typer.Option(metavar="user|admin", help="An admin sees everybody's songs.  [default: user]")
    ] = None,
    database: Database = DATABASE,
) -> None:
    """Print a new key, this once."""
    owners = _owners(database)
    found = next((owner for owner in owners.all() if owner.name == name), None)
    if found is None:
        found = owners.create(name, role or "user", _limits())
    elif role not in (None, found.role):
        raise InvalidRequest(f"{name} has the role {found.role}; leave out --role or choose another name")
    _, secret = owners.create_key(found.id)
    typer.echo(secret)
    say(f"This is a key of {found.name} ({found.role}). It is shown this once; only a digest of it is kept.")


@app.command("limit")
def limit(
    name: Annotated[str, typer.Argument(help="Whose takes; local is everybody on a service without keys.")],
    queued: Annotated[int | None, typer.Option(help="How many may wait.")] = None,
    running: Annotated[int | None, typer.Option(help="How many may run at a time.")] = None,
    database: Database = DATABASE,
) -> None:
    """Say how many takes somebody may have waiting and running, or change it."""
    owners = _owners(database)
    found = next((owner for owner in owners.all() if owner.name == name), None)
    if found is None:
        raise InvalidRequest(f"nobody is called {name!r} here; khala keys list shows who has keys")
    found = owners.limit(found.id, queued, running)
    typer.echo(f"{found.name}: {found.queued_limit} takes may wait, {found.running_limit} run")


@app.command("list")
def list_(database: Database = DATABASE) -> None:
    """All keys, without their secrets."""
    owners = _owners(database)
    by_id = {owner.id: owner for owner in owners.all()}
    for key in owners.keys():  # noqa: SIM118  # no mapping
        owner, made = by_id[key.owner_id], datetime.fromtimestamp(key.created, UTC)
        state = "revoked" if key.revoked is not None else "in use"
        typer.echo(f"{key.id}  {key.hint}...  {made:%Y-%m-%d}  {state:<7}  {owner.role:<5}  {owner.name}")


@app.command("revoke")
def revoke(
    id: Annotated[str, typer.Argument(help="As `khala keys list` shows it.")], database: Database = DATABASE
) -> None:
    """Make a key useless, at once."""
    _owners(database).revoke(id)


def _limits() -> Any:
    """What a new owner may have: the settings of the server, where they are in the environment."""
    from khala.jobs.records import Limits
    from khala.server.settings import Settings

    from_environment: dict[str, Any] = {}
    settings = Settings(**from_environment)
    return Limits(settings.owner_queued, settings.owner_running, settings.queue_limit)


def _owners(database: str) -> Any:
    try:
        from khala.jobs.database import Database
        from khala.jobs.owners import Owners
    except ModuleNotFoundError as error:
        raise KhalaError(f"{error.name} is missing; pip install 'khala-music[serve]'") from None
    opened = Database(database)
    opened.migrate()
    return Owners(opened)
