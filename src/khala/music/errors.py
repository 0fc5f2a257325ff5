"""Errors that a user can cause: each message is one line that says what is wrong and how to fix it."""

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
"""Machine-readable cause of an error, for clients and translations."""


class KhalaError(Exception):
    """Base of all errors that users see: a command prints the message on one line and ends with `exit_status`.

    Line breaks in the message, such as those of a quoted error of another library, become spaces.
    """

    exit_status = 1
    kind: Kind = "internal"

    def __init__(self, message: str, kind: Kind | None = None) -> None:
        super().__init__(" ".join(message.split()))
        self.kind = kind or self.kind


class InvalidRequest(KhalaError):
    """Invalid input, or a request that cannot be met."""

    exit_status = 2
    kind = "invalid"


class OutputError(KhalaError):
    """The output file or folder cannot be written."""

    exit_status = 2


class ModelError(KhalaError):
    """A model is missing or damaged; the message ends with the command that fixes it."""

    exit_status = 3
    kind = "model-broken"


class NotFound(KhalaError):
    """No such song, take or file, or it belongs to another owner."""

    exit_status = 2


class Conflict(KhalaError):
    """The request conflicts with an earlier one or with the state of its song."""

    exit_status = 2


class TooMany(KhalaError):
    """The queue or a quota is full; `retry_after` is the time in seconds before a retry makes sense."""

    exit_status = 2

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class StoreError(KhalaError):
    """The database or the artifact store is unreachable, full or read-only; stored data is safe."""

    exit_status = 2
    kind = "storage-unreachable"
