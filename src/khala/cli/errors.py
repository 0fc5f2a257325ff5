"""From an exception to one line on stderr and an exit status.

0 well; 2 bad input or unwritable output; 3 a missing or broken model; 130 interrupted. Everything else is a bug and
keeps its traceback.
"""

import errno

import typer

from khala.cli.streams import deafen
from khala.music.errors import KhalaError, OutputError

INTERRUPTED = 130
_UNWRITABLE = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.ENOSPC, errno.EDQUOT}


def report(error: Exception) -> int:
    """Print what `error` says on one line of stderr; return the exit status.

    Raises `error` again if it is nobody's fault but ours."""
    match error:
        case KhalaError():
            complain(str(error))
            return error.exit_status
        case typer.TyperException():
            complain(f"{error.format_message().rstrip('.')}; {_where_to_look(error)}")
            return error.exit_code
    if isinstance(error, OSError) and error.errno in _UNWRITABLE:
        complain(f"cannot use {error.filename or 'the output'}: {error.strerror}; make room or choose another place")
        return OutputError.exit_status
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":  # torch's, without importing torch
        complain("out of memory; ask for a shorter --duration or fewer --takes")
        return 1
    raise error


def complain(message: str) -> None:
    """Say on stderr what went wrong."""
    say(f"khala: {message}")


def say(message: str) -> None:
    """One line on stderr, safe for a terminal: what was typed may hold newlines and control characters."""
    line = " ".join(message.split())
    try:
        typer.echo("".join(c if c.isprintable() else "?" for c in line), err=True)
    except OSError:  # nobody listens any more, or the disk of a log is full; a song is not lost for that
        deafen(2)


def _where_to_look(error: typer.TyperException) -> str:
    context = getattr(error, "ctx", None)
    return f"see {context.command_path if context is not None else 'khala'} --help"
