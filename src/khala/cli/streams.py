"""The standard streams, so that nothing that is said can stop the work."""

import io
import os
import sys


def prepare_streams() -> None:
    """Let closed streams lead to the null device, and stdout replace what its encoding lacks.

    Were a closed stream left closed, the next file to be opened would get its number, and what libraries say on stderr
    would be written into it."""
    for name, mode in {"stdin": "r", "stdout": "w", "stderr": "w"}.items():
        if getattr(sys, name) is None:
            number = os.open(os.devnull, os.O_RDWR)  # the lowest one that is free: the stream's own
            os.set_inheritable(number, True)
            setattr(sys, name, os.fdopen(number, mode))
    if isinstance(sys.stdout, io.TextIOWrapper):  # stderr replaces by itself
        sys.stdout.reconfigure(errors="replace")


def deafen(number: int) -> None:
    """Let stream `number` lead to the null device from now on, and what it still holds as well."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), number)
