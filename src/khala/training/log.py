"""What a run says: one JSON object a line in `log.jsonl`, the same for people on stderr, and for TensorBoard."""

import json
import sys
from pathlib import Path
from typing import Any, TextIO

from khala.music.errors import InvalidRequest


class Log:
    """Appends to `folder/log.jsonl`. Lines past `step`, where a killed run resumes, are dropped: they come again.

    With `tensorboard` its files lie in `folder/tensorboard`. Raises InvalidRequest if that is not installed.
    """

    def __init__(
        self, folder: Path, step: int | None = None, screen: TextIO | None = None, tensorboard: bool = False
    ) -> None:
        self.path = folder / "log.jsonl"
        self.screen = screen or sys.stderr
        self._board = _board(folder / "tensorboard", step or 0) if tensorboard else None
        kept = [line for line in read(folder) if step is None or line["step"] <= step]
        self.path.write_text("".join(json.dumps(line) + "\n" for line in kept), encoding="utf-8")

    def say(self, text: str) -> None:
        self.screen.write(text + "\n")
        self.screen.flush()

    def write(self, step: int, kind: str, values: dict[str, float], losses: dict[str, float]) -> None:
        """`kind` is "train" or "held-out"; `losses` are nats per prediction, `values` whatever else there is to say."""
        record = {"step": step, "kind": kind, **_rounded(values), "loss": _rounded(losses)}
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
        if self._board:
            for name, value in {**values, **{f"loss {name}": value for name, value in losses.items()}}.items():
                self._board.add_scalar(f"{kind}/{name}", value, step)
        parts = [f"{name} {value:.3f}" for name, value in losses.items()]
        parts += [
            duration(value) + " left" if name == "eta" else f"{name} {value:.4g}" for name, value in values.items()
        ]
        self.say(f"step {step:6d}  {kind:8s}  " + "  ".join(parts))


class Silence(Log):
    """The log of a rank that is not the main one: another one writes it."""

    def __init__(self) -> None:
        pass

    def say(self, text: str) -> None:
        pass

    def write(self, step: int, kind: str, values: dict[str, float], losses: dict[str, float]) -> None:
        pass


def _board(folder: Path, step: int) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise InvalidRequest("TensorBoard is not installed: pip install 'khala-music[tensorboard]'") from None
    return SummaryWriter(str(folder), purge_step=step + 1, flush_secs=10)


def read(folder: Path) -> list[dict]:
    """All lines of a run's log; a line that a crash cut short is left out."""
    path = folder / "log.jsonl"
    lines = []
    for text in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        try:
            lines.append(json.loads(text))
        except json.JSONDecodeError:
            continue
    return lines


def duration(seconds: float) -> str:
    """Seconds as "1:02:03", or "2:03" below an hour."""
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def _rounded(values: dict[str, float]) -> dict[str, float]:
    return {name: float(f"{value:.6g}") for name, value in values.items()}
