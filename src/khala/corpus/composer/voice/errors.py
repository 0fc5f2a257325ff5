"""Missing programs, libraries and files that only the corpus needs."""

from khala.music.errors import KhalaError

_APT = (
    "install what the corpus needs with: "
    "apt-get install flite libfluidsynth3 fluid-soundfont-gm musescore-general-soundfont-small"
)


class ToolMissing(KhalaError):
    """A program, library, sound font or voice is not installed; `remedy` says how to install it."""

    exit_status = 2

    def __init__(self, what: str, remedy: str = _APT) -> None:
        super().__init__(f"{what} is missing; {remedy}")
