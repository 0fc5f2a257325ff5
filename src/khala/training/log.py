"""What a run says: one JSON object a line in `log.jsonl`, and the same for people on stderr."""

import json
import sys
from pathlib import Path
from typing import TextIO


class Log:
    """Appends to `folder/log.jsonl`. Lines past `step`, where a killed run resumes, are dropped: they come again."""

    def __init__(self, folder: Path, step: int | None = None, screen: TextIO | None = None) -> None:
        self.path = folder / "log.jsonl"
        self.screen = screen or sys.stderr
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
        parts = [f"{name} {value:.3f}" for name, value in losses.items()]
        parts += [
            duration(value) + " left" if name == "eta" else f"{name} {value:.4g}" for name, value in values.items()
        ]
        self.say(f"step {step:6d}  {kind:8s}  " + "  ".join(parts))


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
