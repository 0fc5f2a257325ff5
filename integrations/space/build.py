"""Assemble the Space: the page, and the package with its model, which no registry holds.

python integrations/space/build.py [--to FOLDER]      default: build/space
"""

import argparse
import shutil
import tomllib
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PAGE = ("app.py", "song.py", "README.md", "packages.txt")
LEFT_OUT = ("static", "server", "jobs", "worker", "training", "corpus", "cli", "__pycache__")
"""Parts of the package that no song needs."""


def build(to: Path) -> None:
    """Write the Space to the folder `to`, which is replaced."""
    shutil.rmtree(to, ignore_errors=True)
    to.mkdir(parents=True)
    for name in PAGE:
        shutil.copy2(HERE / name, to / name)
    shutil.copy2(ROOT / "LICENSE", to / "LICENSE")
    shutil.copytree(ROOT / "src" / "khala", to / "khala", ignore=shutil.ignore_patterns(*LEFT_OUT))
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    (to / "requirements.txt").write_text("\n".join(needed) + "\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Assemble the Space.")
    parser.add_argument("--to", type=Path, default=ROOT / "build" / "space")
    build(parser.parse_args().to)
