"""The guide for musicians: its commands run and print what it shows, and both languages give the same ones."""

import re
import shlex
from collections.abc import Iterator
from contextlib import chdir, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import pytest

from khala.audio.files import read_audio, write_audio
from khala.cli.main import run

GUIDE = Path(__file__).parents[1] / "docs" / "guide"
PAGES = re.findall(r"^\d\. \[.*?\]\((.*?)\)", (GUIDE / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
FENCE = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
UNRUN = {("sh", "network"), ("sh", "system"), ("powershell", "")}
"""Blocks that need the network, change the system or are for another one; test_project checks their options."""
SONG, SECONDS, SECONDS_OF_OTHERS = "song.flac", 20, 6
"""The song of which others are made, its length here, and that of all others: a minute would teach no more."""
LARGEST_PICTURE_BYTES = 100_000


class Block(NamedTuple):
    """What stands between fences: the language, what the guide notes behind it, and the text."""

    language: str
    note: str
    text: str


def blocks(page: Path) -> list[Block]:
    return [Block(*found) for found in FENCE.findall(page.read_text(encoding="utf-8"))]


def commands(block: Block) -> list[list[str]]:
    return [words for line in block.text.splitlines() if (words := shlex.split(line, comments=True))]


def shortened(call: list[str]) -> list[str]:
    if call[0] != "generate" or "--dry-run" in call:
        return call
    at = call.index("--duration") if "--duration" in call else len(call)
    seconds = SECONDS if SONG in call[-1:] else SECONDS_OF_OTHERS
    return [*call[:at], *call[at + 2 :], "--duration", str(seconds)]


class Reader:
    """Somebody who follows the guide in a folder, and runs no command twice."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._printed: dict[tuple[str, ...], str] = {}

    def follow(self, command: list[str]) -> str:
        """What a command prints."""
        program, *call = command
        assert program == "khala"
        if tuple(call) not in self._printed:
            printed = StringIO()
            with chdir(self.folder), redirect_stdout(printed), redirect_stderr(printed):
                assert run(shortened(call)) == 0, printed.getvalue()
            self._printed[tuple(call)] = printed.getvalue()
        return self._printed[tuple(call)]


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """A reader who has saved the texts of the guide, made its song, and has a recording."""
    reader = Reader(tmp_path_factory.mktemp("guide"))
    found = [block for page in PAGES for block in blocks(GUIDE / page)]
    for block in found:
        if block.note.endswith(".txt"):
            (reader.folder / block.note).write_text(block.text, encoding="utf-8")
    (making,) = [call for block in found for call in commands(block) if call[-2:] == ["-o", SONG]]
    reader.follow(making)
    write_audio(reader.folder / "recording.wav", *read_audio(reader.folder / SONG))
    yield reader


@pytest.mark.parametrize("page", PAGES)
def test_commands_run_and_print_what_the_page_shows(page: str, reader: Reader) -> None:
    printed = ""
    for block in blocks(GUIDE / page):
        if block[:2] == ("sh", ""):
            printed = "".join(map(reader.follow, commands(block)))
        elif block[:2] == ("text", "output"):
            assert set(block.text.splitlines()) <= set(printed.splitlines())
        else:
            assert block[:2] in UNRUN or (block.language == "text" and (reader.folder / block.note).is_file())


@pytest.mark.parametrize("page", ["README.md", *PAGES])
def test_both_languages_have_the_same_commands_files_and_pictures(page: str) -> None:
    def shown(path: Path, language: str) -> list[object]:
        pictures = re.findall(r"pictures/(.*?)-" + language, path.read_text(encoding="utf-8"))
        return [*pictures, *((*block[:2], commands(block)) for block in blocks(path) if block.note != "output")]

    assert shown(GUIDE / page, "en") == shown(GUIDE / "zh" / page, "zh")


def test_the_index_leads_to_every_page() -> None:
    written = {path.name for path in GUIDE.glob("*.md")}
    assert set(PAGES) | {"README.md"} == written == {path.name for path in (GUIDE / "zh").glob("*.md")}


def test_pictures_are_small_and_come_in_both_sizes_and_languages() -> None:
    pictures = list((GUIDE / "pictures").iterdir())
    names = {picture.stem.rsplit("-", 2)[0] for picture in pictures}
    sizes = [f"{size}-{language}.webp" for size in ("desktop", "phone") for language in ("en", "zh")]
    assert names and {f"{name}-{size}" for name in names for size in sizes} == {picture.name for picture in pictures}
    assert max(picture.stat().st_size for picture in pictures) <= LARGEST_PICTURE_BYTES
