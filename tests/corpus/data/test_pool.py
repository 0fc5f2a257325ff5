"""Processes that share the work on a corpus."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from khala.corpus.data.pool import process_pool

PROGRAM = """
import os, time
from khala.corpus.data.pool import process_pool

if __name__ == "__main__":
    with process_pool(2) as pool:
        print(pool.submit(os.getpid).result(), flush=True)
        pool.submit(time.sleep, 600).result()
"""


def test_they_end_with_the_process_that_started_them(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    with subprocess.Popen([sys.executable, program], stdout=subprocess.PIPE) as parent:
        assert parent.stdout and parent.stdout.readline()
        parent.kill()
        said, _ = parent.communicate(timeout=60)  # the pipe ends with the last process that could write to it
        assert said == b""


def test_an_error_drops_what_waits() -> None:
    with pytest.raises(RuntimeError, match="stop"), process_pool(1) as pool:
        waiting = [pool.submit(time.sleep, 0.1) for _ in range(100)]
        raise RuntimeError("stop")
    assert sum(job.cancelled() for job in waiting) > 90
