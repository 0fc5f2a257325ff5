"""`khala generate --play` and `-o -`: a song that is heard while it is made."""

import sys
from contextlib import ExitStack
from typing import BinaryIO

import typer

from khala.audio.wav_stream import pcm, wav_header
from khala.cli.errors import print_line
from khala.cli.player import NO_PLAYER, Player
from khala.cli.streams import redirect_to_null
from khala.generation.live import LiveTake
from khala.generation.take import Take

BROKEN_PIPE = 141
"""Exit status where the reader of standard output went away: that of a program that SIGPIPE ends."""


def listen(song: LiveTake, play: bool, to_stdout: bool, until: ExitStack) -> Take:
    """Hear a song while it is made, through the sound card or as WAV on standard output, and return it.

    Playback lags behind: leaving `until` waits for its end. Raises typer.Exit if standard output is closed.
    """
    player, stdout = None, sys.stdout.buffer if to_stdout else None
    with song:
        if play:
            try:
                player = until.enter_context(Player(song.rate))
            except LookupError as error:
                print_line(f"note: {error}; {NO_PLAYER}. The song is made all the same.")
        if stdout:
            _write(stdout, wav_header(song.rate))
        for block in song:
            if player:
                player.hear(block)
            if stdout:
                _write(stdout, pcm(block.samples))
        return song.take


def _write(stdout: BinaryIO, data: bytes) -> None:
    try:
        stdout.write(data)
        stdout.flush()
    except BrokenPipeError:
        redirect_to_null(1)
        raise typer.Exit(BROKEN_PIPE) from None
