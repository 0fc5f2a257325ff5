"""What a wheel carries besides the package: the studio's page, if `make web` has built it, and the benchmarks that
`khala bench` runs. Editable installs take both from the checkout."""

import os
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Wheel(BuildHookInterface):  # type: ignore[type-arg]
    """Adds the benchmarks, and warns where the page is missing; where KHALA_REQUIRE_PAGE is set, refuses."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before a wheel is made; `version` is "standard" or "editable"."""
        if version != "standard":
            return
        build_data["force_include"][str(Path(self.root) / "benchmarks")] = "khala/benchmarks"
        page = Path(self.root) / "src" / "khala" / "server" / "static" / "index.html"
        if not page.is_file():
            missing = "the studio's page is not built, so that this wheel has none; `make wheel` builds both"
            if os.environ.get("KHALA_REQUIRE_PAGE"):
                raise FileNotFoundError(missing)
            self.app.display_warning(missing)
