"""What a wheel carries besides the package: the studio's page, built by `make web` (a wheel without it is refused), and
the benchmarks that `khala bench` runs. Editable installs take both from the checkout."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Wheel(BuildHookInterface):  # type: ignore[type-arg]
    """Adds the benchmarks, and stops the build of a wheel that would serve no page."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before a wheel is made; `version` is "standard" or "editable"."""
        if version != "standard":
            return
        build_data["force_include"][str(Path(self.root) / "benchmarks")] = "khala/benchmarks"
        page = Path(self.root) / "src" / "khala" / "server" / "static" / "index.html"
        if not page.is_file():
            raise FileNotFoundError("the studio's page is not built: run `make web`, then build the wheel")
