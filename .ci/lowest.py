"""Prints the oldest versions of dependencies that pyproject.toml allows, as constraints for pip."""

import re
import tomllib
from pathlib import Path

PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
GROUPS = [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
BOUNDS = {re.sub(r"\[.*?\]", "", bound) for group in GROUPS for bound in group}

print("\n".join(sorted(bound.replace(">=", "==") for bound in BOUNDS if ">=" in bound)))  # noqa: T201
