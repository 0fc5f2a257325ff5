"""A wheel carries the studio's page, built by `make web`; one without it is refused. Editable installs need none."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class RequirePage(BuildHookInterface):  # type: ignore[type-arg]
    """Stops the build of a wheel that would serve no page."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before a wheel is made; `version` is "standard" or "editable"."""
        page = Path(self.root) / "src" / "khala" / "server" / "static" / "index.html"
        if version == "standard" and not page.is_file():
            raise FileNotFoundError("the studio's page is not built: run `make web`, then build the wheel")
