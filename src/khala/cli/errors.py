"""Turn an exception into one line on stderr and an exit status.

0 success; 2 bad input or unwritable output; 3 a missing or damaged model; 130 interrupted. Anything else is a bug and
keeps its traceback.
"""

import errno

import typer

from khala.cli.streams import redirect_to_null
from khala.music.errors import InvalidRequest, KhalaError, OutputError

INTERRUPTED = 130
_UNWRITABLE = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.ENOSPC, errno.EDQUOT}


def report(error: Exception) -> int:
    """Print the message of `error` on one line of stderr and return the exit status.

    Raises `error` again if it is a bug."""
    match error:
        case KhalaError():
            print_error(str(error))
            return error.exit_status
        case typer.TyperException():
            print_error(f"{error.format_message().rstrip('.')}; {_help_hint(error)}")
            return error.exit_code
    if isinstance(error, OSError) and error.errno in _UNWRITABLE:
        print_error(f"cannot use {error.filename or 'the output'}: {error.strerror}; free space or use another path")
        return OutputError.exit_status
    if is_missing_torch(error):
        from khala.engine.opening import INSTALL_TORCH

        print_error(f"this command needs PyTorch: {INSTALL_TORCH}")
        return InvalidRequest.exit_status
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":  # torch's, without its import
        print_error("out of memory; ask for a shorter --duration or fewer --takes")
        return 1
    raise error


def is_missing_torch(error: BaseException) -> bool:
    """Return whether `error` is an import of PyTorch where it is not installed."""
    return isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] == "torch"


def print_error(message: str) -> None:
    """Print an error message on stderr."""
    print_line(f"khala: {message}")


def print_line(message: str) -> None:
    """Print one line on stderr, safe for a terminal: quoted input may contain newlines and control characters."""
    line = " ".join(message.split())
    try:
        typer.echo("".join(c if c.isprintable() else "?" for c in line), err=True)
    except OSError:  # a closed pipe or a full disk must not cost a song
        redirect_to_null(2)


def _help_hint(error: typer.TyperException) -> str:
    context = getattr(error, "ctx", None)
    return f"see {context.command_path if context is not None else 'khala'} --help"
