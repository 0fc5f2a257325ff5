"""Logs of the service: one JSON object per line on stderr, with the ids of song and take if there are any."""

import json
import logging
from datetime import UTC, datetime
from typing import Any

_KNOWN = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonFormatter(logging.Formatter):
    """Formatter that writes a line of JSON: time, level, logger and message, then the `extra` fields."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: value for name, value in vars(record).items() if name not in _KNOWN}
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def log_lines(level: int = logging.INFO) -> None:
    """Write all logs of this process as lines of JSON."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for noisy in ("alembic", "fsspec", "s3fs", "botocore", "httpx"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
