"""The page of the Space: words and a style in, a song out, heard while it is made."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import gradio as gr
from song import MAX_SECONDS, Song, sing

import khala
from khala.music.errors import KhalaError

LYRICS = """[verse]
Morning light is in the street
and the windows start to glow
[chorus]
Stay with me until the day is done
we will follow where the river runs"""
ABOUT = """# Khala Mini
Whole songs from words, on a CPU. The model is a tiny one, trained on songs that its project composed itself: it sings
English, keeps tempo, key and form, and sounds like what it is. Songs are marked as made by a machine, and are yours to
use (Apache-2.0)."""
KEEP_SECONDS = 3600
"""How long files of songs are kept."""
MAX_WAITING = 8
"""People in the queue; one song is made at a time."""

pipe = khala.load("mini")


def make(lyrics: str, style: str, seconds: float, seed: float) -> Iterator[tuple[Any, Any, Any]]:
    """Yield what the page shows: parts of the sound, then the song and its words. A `seed` below 0: a new one."""
    try:
        with TemporaryDirectory(prefix="khala-") as folder:
            for news in sing(pipe, lyrics, style, seconds, None if seed < 0 else int(seed), Path(folder)):
                if isinstance(news, Song):
                    shown = [{"text": text, "timestamp": [start, end]} for text, start, end in news.lines]
                    yield None, gr.Audio(str(news.file), subtitles=shown or None), news.lrc
                else:
                    yield news, gr.skip(), gr.skip()
    except KhalaError as error:
        raise gr.Error(str(error), print_exception=False) from None


with gr.Blocks(title="Khala Mini", delete_cache=(KEEP_SECONDS, KEEP_SECONDS)) as page:
    gr.Markdown(ABOUT)
    with gr.Row():
        with gr.Column():
            lyrics = gr.Textbox(LYRICS, label="Lyrics", info="Empty: an instrumental", lines=8, max_length=2000)
            style = gr.Textbox("warm folk ballad, female vocals, 96 bpm", label="Style", max_length=300)
            seconds = gr.Slider(10, MAX_SECONDS, value=30, step=1, label="Seconds")
            seed = gr.Number(-1, label="Seed", info="The same one makes the same song; -1: a new one", precision=0)
            button = gr.Button("Sing", variant="primary")
        with gr.Column():
            live = gr.Audio(label="While it is made", streaming=True, autoplay=True, interactive=False)
            song = gr.Audio(label="Song", interactive=False)
            words = gr.Textbox(label="When it is sung (LRC)", lines=8, interactive=False, buttons=["copy"])
    button.click(make, [lyrics, style, seconds, seed], [live, song, words], api_name="sing", concurrency_limit=1)

page.queue(max_size=MAX_WAITING)

if __name__ == "__main__":
    page.launch()
