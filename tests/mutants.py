"""Break the code in one place after another and see whether a test notices: `python tests/mutants.py`.

`mutants.toml` lists the breaks, each with the tests that are to notice it. What they do not notice has survived and
wants a test; what cannot be applied any more, or whose tests fail anyway, wants another line in the list.
"""

import argparse
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
LEFT_BEHIND = shutil.ignore_patterns(".git", ".venv", "*_cache", "__pycache__", "node_modules", "runs", "dist", "build")
PATIENCE = 300
"""Seconds after which tests count as failed: a break may keep them from ending."""
FORGIVEN = 3


@dataclass(frozen=True)
class Mutant:
    """`old`, which stands once in `file`, becomes `new`; `tests` are arguments for pytest, `breaks` says what is wrong
    then."""

    file: str
    old: str
    new: str
    tests: str
    breaks: str

    def __str__(self) -> str:
        return f"{self.file.removeprefix('src/khala/')}: {self.breaks}"


@dataclass
class Tree:
    """A copy of the repository, to be broken and mended again and again."""

    folder: Path
    passed: dict[str, bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        shutil.copytree(ROOT, self.folder, ignore=LEFT_BEHIND)

    def fate(self, mutant: Mutant) -> str:
        """What becomes of a mutant: "killed", "survived", or why it says nothing."""
        path = self.folder / mutant.file
        text = path.read_text(encoding="utf-8")
        if text.count(mutant.old) != 1 or mutant.old == mutant.new:
            return "not applicable"
        if mutant.tests not in self.passed:
            self.passed[mutant.tests] = self.passes(mutant.tests)
        if not self.passed[mutant.tests]:
            return "tests fail anyway"
        broken = text.replace(mutant.old, mutant.new)
        compile(broken, mutant.file, "exec")  # what is no Python would be noticed by everything
        path.write_text(broken, encoding="utf-8")
        try:
            return "survived" if self.passes(mutant.tests) else "killed"
        finally:
            path.write_text(text, encoding="utf-8")

    def passes(self, tests: str) -> bool:
        """Whether the tests pass. They must not take compiled files for those that changed within the same second."""
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *shlex.split(tests)]
        env = {**os.environ, "PYTHONPATH": str(self.folder / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
        with subprocess.Popen(
            command, cwd=self.folder, env=env, start_new_session=True, stdout=subprocess.DEVNULL
        ) as process:
            try:
                return process.wait(PATIENCE) == 0
            except subprocess.TimeoutExpired:
                return False
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="PATTERN", default="", help="those whose file or phrase matches")
    parser.add_argument("--jobs", metavar="N", type=int, default=1, help="copies of the repository to work in")
    args = parser.parse_args()
    table = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    mutants = [Mutant(*row) for rows in table.values() for row in rows]
    chosen = [mutant for mutant in mutants if re.search(args.only, str(mutant))]
    fates = dict[str, list[Mutant]]()
    with TemporaryDirectory() as folder, ThreadPoolExecutor(args.jobs) as pool:
        trees = SimpleQueue[Tree]()
        for number in range(args.jobs):
            trees.put(Tree(Path(folder) / f"{number}"))

        def judge(mutant: Mutant) -> str:
            tree = trees.get()
            try:
                return tree.fate(mutant)
            finally:
                trees.put(tree)

        for mutant, fate in zip(chosen, pool.map(judge, chosen), strict=True):
            print(f"{fate:<17}  {mutant}", flush=True)
            fates.setdefault(fate, []).append(mutant)
    print(", ".join(f"{len(its)} {fate}" for fate, its in sorted(fates.items())) or "nothing matches")
    return len(chosen) - len(fates.get("killed", ())) > FORGIVEN


if __name__ == "__main__":
    sys.exit(main())
