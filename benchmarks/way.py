"""The way of a song through the code: the functions that a reader meets who follows `khala generate`.

    python benchmarks/way.py [--list]

A song of Khala Mini is made while every call is watched. A stop is a function of the command or of `generation` that is
entered for the first time, in that order. Other rooms stand behind doors: what `generation` calls there is counted as a
door, and the reader need not go in, since nothing in there calls back (import contracts see to that). Left out are
functions of two lines or fewer, reading options, and questions about the machine (memory, formats, device, progress). A
constructor and the method that follows it are one stop. A climb is a stop that is entered from a lower floor, a return
one in a file that the way has left before.
"""

import argparse
import inspect
import os
import sys
import tempfile
from pathlib import Path
from types import FrameType

import khala

SOURCE = str(Path(khala.__file__).parent) + os.sep
WALKED = ("cli/generate.py", "generation/")
MACHINE = tuple(f"generation/{name}.py" for name in ("memory", "formats", "device", "progress", "record_file"))
OPTIONS = ("parse_duration", "require_known", "require_dtype")


class Way:
    """The stops of a song, in order, as file and qualified name; and the doors."""

    def __init__(self) -> None:
        self.stops: list[tuple[str, str]] = []
        self.doors: set[tuple[str, str]] = set()
        self.climbs = 0
        self._seen: set[object] = set()

    def __call__(self, frame: FrameType, event: str, arg: object) -> None:
        code = frame.f_code
        if event != "call" or code in self._seen or not code.co_filename.startswith(SOURCE):
            return
        if not code.co_flags & inspect.CO_OPTIMIZED or code.co_name.startswith("<"):  # a class, a module, an expression
            return
        file, caller = place(frame), place(frame.f_back)
        if not file.startswith(WALKED) and not caller.startswith(WALKED):
            return
        self._seen.add(code)
        lines = {line for *_, line in code.co_lines() if line is not None} - {code.co_firstlineno}
        if len(lines) <= 2 or file.startswith(MACHINE) or caller.startswith(MACHINE) or code.co_name in OPTIONS:
            return
        stop = (file, code.co_qualname.removesuffix(".__init__").removesuffix(".__call__"))
        if not file.startswith(WALKED):
            self.doors.add(stop)
            return
        if self.stops and self.stops[-1] == (file, stop[1].rpartition(".")[0]):  # the constructor before its method
            self.stops.pop()
        self.climbs += not caller.startswith(("cli/", "generation/"))
        self.stops.append(stop)


def place(frame: FrameType | None) -> str:
    """The nearest file of Khala from a frame outwards, within the package."""
    while frame and (not frame.f_code.co_filename.startswith(SOURCE) or frame.f_code.co_name.startswith("<")):
        frame = frame.f_back
    return frame.f_code.co_filename.removeprefix(SOURCE) if frame else "cli/"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--list", action="store_true", help="print every stop")
    arguments = parser.parse_args()
    from khala.cli.main import run

    way = Way()
    with tempfile.TemporaryDirectory() as folder:
        song = ["--tags", "pop", "--lyrics", "[verse]\nSing with me", "--duration", "5", "--seed", "1"]
        sys.setprofile(way)
        status = run(["generate", *song, "--dtype", "float32", "-o", f"{folder}/song.wav", "--quiet"])
        sys.setprofile(None)
    assert status == 0
    returns, left, before = 0, set[str](), ""
    for number, (file, name) in enumerate(way.stops, 1):
        if file != before:
            returns += file in left
            left.add(before)
        before = file
        if arguments.list:
            print(f"{number:3} {file:36} {name}")
    files = {file for file, _ in way.stops}
    print(
        f"{len(way.stops)} stops in {len(files)} files, {way.climbs} climbs, {returns} returns, {len(way.doors)} doors"
    )


if __name__ == "__main__":
    main()
