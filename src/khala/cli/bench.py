"""`khala bench`: benchmarks of this machine. Runs the scripts of benchmarks/, which wheels ship inside the package."""

import sys
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import typer

from khala.cli.errors import is_missing_torch
from khala.music.errors import KhalaError

SCRIPTS = {
    "generate": ("song.py", "Whole songs: time and peak memory, including the cold start."),
    "neighbours": ("neighbours.py", "A song on an idle machine and on one with busy cores."),
    "backbone": ("backbone.py", "Time per token of the backbone, compared with memory bandwidth."),
    "superres": ("superres.py", "Time per pass of super-resolution, compared with a matrix product."),
    "codec": ("codec_speed.py", "The published codec's decoder, compared with its plain layers."),
    "gpu": ("gpu.py", "The published size on a GPU: parity of all ways, time and memory."),
    "service": ("service.py", "A server with many clients; requires httpx2."),
}
"""Benchmark -> its script and what that measures."""
_PACKAGE = Path(__file__).parents[1]
SCRIPT_FOLDERS = (_PACKAGE / "benchmarks", _PACKAGE.parents[1] / "benchmarks")
"""Where the scripts are in an installed package, and in a checkout."""

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.callback(invoke_without_command=True)
def bench(context: typer.Context) -> None:
    """Benchmark this machine; without a command, on whole songs.

    Close other programs first. `khala bench COMMAND --help` lists the options of a benchmark.
    """
    if context.invoked_subcommand is None:
        measure("generate", [])


def measure(what: str, arguments: list[str]) -> None:
    """Run a script of `SCRIPTS` with `arguments`. Raises KhalaError if it or a package it needs is missing."""
    sys.argv = [f"khala bench {what}", *arguments]
    try:
        _script(SCRIPTS[what][0]).main()
    except ModuleNotFoundError as error:
        if is_missing_torch(error):
            raise
        raise KhalaError(f"khala bench {what} requires {error.name}; install it: pip install {error.name}") from error


def _script(name: str) -> ModuleType:
    path = next((folder / name for folder in SCRIPT_FOLDERS if (folder / name).is_file()), None)
    spec = path and spec_from_file_location(f"khala_bench_{path.stem}", path)
    if not path or not spec or not spec.loader:
        raise KhalaError(f"the script {name} is missing; fix it: pip install --force-reinstall khala-music")
    sys.path.append(str(path.parent))  # scripts import one another, as if they were run by `python`
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _verb(what: str) -> Callable[[typer.Context], None]:
    def run(context: typer.Context) -> None:
        measure(what, context.args)

    return run


for _what, (_, _help) in SCRIPTS.items():
    _passed_on = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
    app.command(_what, help=_help, context_settings=_passed_on)(_verb(_what))
