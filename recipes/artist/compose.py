"""Compose songs of one artist whom no model has heard: one style, one singer whose voice is in no corpus, and neither
of them named in the tags. docs/finetuning.md measures what Khala Mini learns of them.

    python recipes/artist/compose.py SONGS --songs 10
    python recipes/artist/compose.py VOICES --songs 8 --voices

The second folder is for telling the voice: other songs in this style, each by the artist and by all other women of the
corpus's flite, and who sings stands in the truth.
"""

import argparse
from dataclasses import replace
from pathlib import Path

from khala.corpus.composer import singers
from khala.corpus.composer.compose import LEXICON, compose
from khala.corpus.composer.render import render_score
from khala.corpus.composer.synth import write_song
from khala.corpus.composer.voice import VoiceBank
from khala.corpus.data.manifest import read_song, store_song

STYLE, VOICE = "bossa nova", "female"
NOVA = singers.Singer("slt", VOICE, 55, tract=1.24, bright=1.5, breath=0.35, rate=6.8, depth=0.55, delay=0.1)
SECONDS = 30.0
FIRST_SEED, FIRST_VOICES_SEED = 700_000, 700_500


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--songs", type=int, default=10)
    parser.add_argument("--voices", action="store_true", help="the same songs by several singers")
    asked = parser.parse_args()
    others, voices = singers.singers(VOICE), VoiceBank(LEXICON)
    singers.SINGERS["nova"] = NOVA
    first = FIRST_VOICES_SEED if asked.voices else FIRST_SEED
    for seed in range(first, first + asked.songs):
        for singer in ("nova", *(others if asked.voices else ())):
            score = replace(compose(seed, SECONDS, STYLE, VOICE), singer=singer, backing=singer)
            folder = asked.folder / singer if asked.voices else asked.folder
            song = read_song(write_song(folder, score, render_score(score, voices)))
            tempo = tuple(tag for tag in song.tags if "tempo" in tag)
            truth = song.truth if asked.voices else {**song.truth, "singer": ""}
            store_song(replace(song, style="", description="", tags=(*tempo, "vocals"), truth=truth), None)


if __name__ == "__main__":
    main()
