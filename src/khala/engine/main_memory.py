"""How much main memory there is for this process."""

from contextlib import suppress
from pathlib import Path

import psutil


def main_memory() -> int:
    """Return the bytes that this process has taken and may still take: what a plan may count on."""
    found = [psutil.virtual_memory().available]
    group = Path("/sys/fs/cgroup")
    with suppress(OSError, ValueError):  # another system, or no limit
        found.append(int((group / "memory.max").read_text()) - int((group / "memory.current").read_text()))
    return int(max(0, min(found)) + psutil.Process().memory_info().rss)


def gigabytes(size: int) -> str:
    """Format a number of bytes for people, such as "3.4 GB"."""
    return f"{size / 1e9:.1f} GB"
