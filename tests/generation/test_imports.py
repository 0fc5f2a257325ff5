"""What is imported to make a song, in a fresh process: nothing that it does without."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROBE = """
import json, sys
import khala.cli.progress
from contextlib import contextmanager

early = set()

@contextmanager
def progress(quiet):
    def report(stage, done, total):
        if stage == "backbone" and not early:
            early.update(sys.modules)
    yield report

khala.cli.progress.progress = progress
from khala.cli.main import run
status = run(sys.argv[1:])
json.dump({"early": sorted(early), "late": sorted(sys.modules)}, sys.stdout)
sys.exit(status)
"""


def modules(singer: Path, folder: Path, best_of: int) -> dict[str, set[str]]:
    """Names of the modules that are loaded at the first frame of a song ("early") and when it is written ("late")."""
    words = ["--model", str(singer), "--tags", "pop", "--instrumental", "--seed", "1", "--best-of", str(best_of)]
    words += ["--duration", "5", "--output", str(folder / "song.wav"), "--quiet"]
    done = subprocess.run([sys.executable, "-c", PROBE, "generate", *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (folder / "song.wav").exists()
    return {when: set(names) for when, names in json.loads(done.stdout).items()}


def of(loaded: set[str], *packages: str) -> set[str]:
    """Those of the modules that are inside one of the packages."""
    return {name for name in loaded if name.startswith(tuple(f"{package}." for package in packages))}


def test_a_song_needs_no_corpus_no_measures_and_no_scipy(singer: Path, tmp_path: Path) -> None:
    loaded = modules(singer, tmp_path, best_of=1)
    assert "torch" in loaded["early"]
    assert not of(loaded["early"], "khala.scoring"), "music is heard when the song is finished"
    assert not {"khala.scoring.listener", "khala.scoring.words", "khala.scoring.style"} & loaded["late"]
    assert not of(loaded["late"], "khala.corpus", "khala.evaluation", "khala.training", "scipy")


@pytest.mark.parametrize("best_of", [2])
def test_a_choice_needs_the_listener_but_no_corpus_and_no_reports(singer: Path, tmp_path: Path, best_of: int) -> None:
    loaded = modules(singer, tmp_path, best_of)
    assert "khala.scoring.listener" in loaded["late"]
    assert not of(loaded["late"], "khala.corpus", "khala.evaluation", "khala.training", "scipy")
