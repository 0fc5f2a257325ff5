"""What `khala` says without a verb: five lines about what can be done here and now."""

from collections.abc import Iterator
from importlib.resources import files
from importlib.util import find_spec

from khala import __version__
from khala.music.errors import ModelError
from khala.weights.names import describe

SERVICE_PACKAGES = ("fastapi", "uvicorn", "dbos")
"""Packages without which there is no service; the extra `serve` installs them."""


def welcome() -> Iterator[str]:
    """Yield a line on the model, then one for each of the next steps."""
    yield f"Khala {__version__} makes whole songs from words. {model_state()}"
    yield _step("khala generate", "make a song of about 30 seconds in this folder")
    yield _step(*studio_step())
    yield _step("khala doctor", "check what this machine can do, and what is missing")
    yield _step("khala --help", "list all commands; khala generate --help lists the options of one")


def model_state() -> str:
    """Return in a sentence whether the model that makes songs by default is here."""
    try:
        return f"The model {describe('mini', verify=False).name} is installed."
    except ModelError as error:
        return f"It cannot yet: {error}."


def studio_step() -> tuple[str, str]:
    """Return the command that leads to the studio from here, and what it does."""
    if not all(map(find_spec, SERVICE_PACKAGES)):
        return 'pip install "khala-music[serve]"', "add the studio, which is not installed"
    if not files("khala").joinpath("server", "static", "index.html").is_file():
        return "make studio", "build the studio in a checkout; khala serve runs its API alone"
    return "khala serve --open-browser", "open the studio, where songs are made and kept"


def _step(command: str, purpose: str) -> str:
    return f"  {command:<34} {purpose}"
