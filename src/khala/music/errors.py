"""What can go wrong, as one line for the person who asked: what is wrong and what would be right."""

from typing import Literal

Kind = Literal[
    "invalid",
    "model-missing",
    "model-broken",
    "out-of-memory",
    "worker-lost",
    "storage-full",
    "storage-unreachable",
    "database-full",
    "database-unreachable",
    "internal",
]
"""Why something cannot be done, for programs and for whoever says it in another language."""


class KhalaError(Exception):
    """An error that ends a command with `exit_status` and its message as one line; nothing else is shown.

    Line breaks in the message (say, of another library's error quoted in it) become spaces.
    """

    exit_status = 1
    kind: Kind = "internal"

    def __init__(self, message: str, kind: Kind | None = None) -> None:
        super().__init__(" ".join(message.split()))
        self.kind = kind or self.kind


class InvalidRequest(KhalaError):
    """The request cannot be met as asked."""

    exit_status = 2
    kind = "invalid"


class OutputError(KhalaError):
    """The song cannot be written where it should go."""

    exit_status = 2


class ModelError(KhalaError):
    """A model is missing or broken; the message ends with the command that mends it."""

    exit_status = 3
    kind = "model-broken"


class NotFound(KhalaError):
    """There is no such song, take or file, or it belongs to somebody else."""

    exit_status = 2


class Conflict(KhalaError):
    """The request contradicts an earlier one or the state that its song is in."""

    exit_status = 2


class TooMany(KhalaError):
    """The queue or a quota is full. `retry_after`: seconds after which it is worth asking again."""

    exit_status = 2

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class StoreError(KhalaError):
    """The database or the artifact store does not answer, is full or read-only; what was stored is safe."""

    exit_status = 2
    kind = "storage-unreachable"
