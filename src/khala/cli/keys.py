"""`khala keys`: API keys of a service; only their digests are stored."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from khala.cli.errors import print_line
from khala.music.errors import InvalidRequest, KhalaError

app = typer.Typer(rich_markup_mode=None, add_completion=False)

DatabaseOption = Annotated[
    str, typer.Option(metavar="URL", envvar="KHALA_DATABASE", help="postgresql://... or sqlite:///FILE.")
]
DEFAULT_DATABASE = "sqlite:///khala-data/khala.sqlite"


@app.callback()
def keys() -> None:
    """Create, list and revoke API keys. Once a key exists, every client needs one."""


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="Name of the owner, who may have several keys.")],
    role: Annotated[
        str | None, typer.Option(metavar="user|admin", help="Role of the owner; admins see all songs.  [default: user]")
    ] = None,
    database: DatabaseOption = DEFAULT_DATABASE,
) -> None:
    """Create a key and print it; it is not shown again."""
    owners = _owners(database)
    found = next((owner for owner in owners.all() if owner.name == name), None)
    if found is None:
        found = owners.create(name, role or "user", _limits())
    elif role not in (None, found.role):
        raise InvalidRequest(f"{name} already has the role {found.role}; leave out --role or choose another name")
    _, secret = owners.create_key(found.id)
    typer.echo(secret)
    print_line(f"This key of {found.name} ({found.role}) is not shown again: only its digest is stored.")


@app.command("limit")
def limit(
    name: Annotated[str, typer.Argument(help="Name of the owner; 'local' on a service without keys.")],
    queued: Annotated[int | None, typer.Option(help="Maximum number of waiting takes.")] = None,
    running: Annotated[int | None, typer.Option(help="Maximum number of running takes.")] = None,
    database: DatabaseOption = DEFAULT_DATABASE,
) -> None:
    """Show or change how many waiting and running takes an owner may have."""
    owners = _owners(database)
    found = next((owner for owner in owners.all() if owner.name == name), None)
    if found is None:
        raise InvalidRequest(f"there is no owner {name!r}; khala keys list shows all owners")
    found = owners.limit(found.id, queued, running)
    typer.echo(f"{found.name}: at most {found.queued_limit} takes waiting, {found.running_limit} running")


@app.command("list")
def list_(database: DatabaseOption = DEFAULT_DATABASE) -> None:
    """List all keys, without their secrets."""
    owners = _owners(database)
    by_id = {owner.id: owner for owner in owners.all()}
    for key in owners.keys():  # noqa: SIM118  # not a mapping
        owner, made = by_id[key.owner_id], datetime.fromtimestamp(key.created, UTC)
        state = "revoked" if key.revoked is not None else "in use"
        typer.echo(f"{key.id}  {key.hint}...  {made:%Y-%m-%d}  {state:<7}  {owner.role:<5}  {owner.name}")


@app.command("revoke")
def revoke(
    id: Annotated[str, typer.Argument(help="Key id, as shown by `khala keys list`.")],
    database: DatabaseOption = DEFAULT_DATABASE,
) -> None:
    """Revoke a key, with immediate effect."""
    _owners(database).revoke(id)


def _limits() -> Any:
    """Return the limits of a new owner, from the server's settings in the environment."""
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
