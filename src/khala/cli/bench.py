"""`khala bench`: how fast this machine is. It runs the scripts of benchmarks/, which a wheel carries in the package."""

import sys
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import typer

from khala.music.errors import KhalaError

SCRIPTS = {
    "generate": ("song.py", "Whole songs: seconds and memory, cold start included."),
    "neighbours": ("neighbours.py", "A song alone, and beside programs that keep the cores busy."),
    "backbone": ("backbone.py", "A token of the backbone, beside what memory allows."),
    "superres": ("superres.py", "A pass of super-resolution, beside a matrix product."),
    "codec": ("codec_speed.py", "The published decoder, beside its layers as written."),
    "service": ("service.py", "A server with many clients; needs httpx2."),
}
"""Verb -> its script, and what that measures."""
_PACKAGE = Path(__file__).parents[1]
PLACES = (_PACKAGE / "benchmarks", _PACKAGE.parents[1] / "benchmarks")
"""Where scripts lie: in an installed package, in a checkout."""

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.callback(invoke_without_command=True)
def bench(context: typer.Context) -> None:
    """Measure how fast this machine is; with no other word, whole songs.

    Nothing else should run meanwhile. `khala bench WHAT --help` lists the options of each.
    """
    if context.invoked_subcommand is None:
        measure("generate", [])


def measure(what: str, arguments: list[str]) -> None:
    """Run a script of `SCRIPTS` with `arguments`. Raises KhalaError if it, or a package that it needs, is missing."""
    sys.argv = [f"khala bench {what}", *arguments]
    try:
        _script(SCRIPTS[what][0]).main()
    except ModuleNotFoundError as error:
        raise KhalaError(f"khala bench {what} needs {error.name}; install it: pip install {error.name}") from error


def _script(name: str) -> ModuleType:
    path = next((place / name for place in PLACES if (place / name).is_file()), None)
    spec = path and spec_from_file_location(f"khala_bench_{path.stem}", path)
    if not spec or not spec.loader:
        raise KhalaError(f"the script {name} is missing; install khala-music again")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _verb(what: str) -> Callable[[typer.Context], None]:
    def run(context: typer.Context) -> None:
        measure(what, context.args)

    return run


for _what, (_, _help) in SCRIPTS.items():
    _theirs = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
    app.command(_what, help=_help, context_settings=_theirs)(_verb(_what))
