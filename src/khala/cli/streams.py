"""Standard streams that never interrupt the work."""

import io
import os
import sys


def prepare_streams() -> None:
    """Point closed streams at the null device, and let stdout replace characters that its encoding lacks.

    Otherwise the next file opened would get the number of a closed stream, and libraries that write to stderr would
    write into it.
    """
    for name, mode in {"stdin": "r", "stdout": "w", "stderr": "w"}.items():
        if getattr(sys, name) is None:
            number = os.open(os.devnull, os.O_RDWR)  # the lowest free number: that of the stream
            os.set_inheritable(number, True)
            setattr(sys, name, os.fdopen(number, mode))
    if isinstance(sys.stdout, io.TextIOWrapper):  # stderr already replaces them
        sys.stdout.reconfigure(errors="replace")


def redirect_to_null(number: int) -> None:
    """Point stream `number` at the null device, its buffered output included."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), number)
