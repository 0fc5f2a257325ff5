"""Count the words heard of lyrics that people wrote: the requests of requests.json, one attempt each.

    python benchmarks/written.py [--model mini] [--songs 20] [--recogniser WHISPER_FOLDER] [--out FOLDER] [--rendered]

The lyrics are not from the grammar of the corpus, and nothing is trained or chosen by them. The recogniser that the
package ships counts phones; a Whisper model, where there is one, counts words: in order, as a share of all words of the
lyrics. With --out songs are kept as soon as they are made, and a run that was stopped goes on there. With --rendered
the corpus's composer sings the lyrics instead, to a song of its own: what the ears that judge make of them at best.
"""

import argparse
import json
import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import khala
from khala.conditioning.request_terms import parse_styles
from khala.conditioning.voices import parse_singer
from khala.corpus.composer.compose import LEXICON, compose
from khala.corpus.composer.compose.plan import Stanza
from khala.corpus.composer.compose.verses import LyricLine
from khala.corpus.composer.render import render_score
from khala.corpus.composer.score import Score
from khala.corpus.composer.synth import write_song
from khala.corpus.composer.voice import VoiceBank
from khala.corpus.data.manifest import json_path
from khala.evaluation.error_rate import normalised_words
from khala.evaluation.report import evaluate_file
from khala.evaluation.whisper import reader
from khala.music.phones import LETTERS, PHONES, pronounce
from khala.music.reading import sections

REQUESTS = Path(__file__).with_name("requests.json")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--model", default="mini")
    parser.add_argument("--songs", type=int, default=20)
    parser.add_argument("--recogniser", type=Path, metavar="FOLDER", help="a Whisper model, as for khala evaluate")
    parser.add_argument("--out", type=Path, help="keep songs and records here, and go on with those that lie here")
    parser.add_argument("--rendered", action="store_true", help="have the corpus's composer sing them, not the model")
    arguments = parser.parse_args()
    requests = json.loads(REQUESTS.read_text(encoding="utf-8"))["requests"][: arguments.songs]
    listen = reader(arguments.recogniser) if arguments.recogniser else None
    with TemporaryDirectory() as folder:
        out = arguments.out or Path(folder)
        songs = render(requests, out) if arguments.rendered else make(arguments.model, requests, out)
        records = [evaluate_file(song, listen) for song in songs]
    for request, record in zip(requests, records, strict=True):
        print(line(request, record), flush=True)
    print(summary(requests, records))


def make(model: str, requests: list[dict[str, Any]], out: Path) -> list[Path]:
    """The songs of the requests; those that are missing are made."""
    paths = [out / f"{request['seed']}.flac" for request in requests]
    pipe = khala.load(model)
    for request, path in zip(requests, paths, strict=True):
        if not path.exists():
            out.mkdir(parents=True, exist_ok=True)
            pipe.generate(**request)[0].save(path)
    return paths


def render(requests: list[dict[str, Any]], out: Path) -> list[Path]:
    """Songs that the composer makes of the requests' lyrics, in their style and by a voice of their sex."""
    songs = [stanzas_of(request["lyrics"]) for request in requests]
    words = {word for song in songs for _, lines in song for line in lines for word in line.words}
    LEXICON.update({word: spoken(word) for word in words if word not in LEXICON})
    voices, paths = VoiceBank(LEXICON), []
    for request, stanzas in zip(requests, songs, strict=True):
        path = json_path(out, request["seed"])
        if not path.exists():
            tags = request["tags"].split(", ")
            style, *_ = (*parse_styles(tags), "pop")
            score = sung(request["seed"], style, parse_singer(tags) or "female", stanzas)
            write_song(out, score, render_score(score, voices))
        paths.append(path.with_suffix(".flac"))
    return paths


def sung(seed: int, style: str, voice: str, stanzas: Sequence[Stanza]) -> Score:
    """A song of these stanzas, of shorter lines if its bars are too short for whole ones."""
    try:
        return compose(seed, None, style, voice, stanzas)
    except ValueError:
        halves = [(name, tuple(half for line in lines for half in halved(line))) for name, lines in stanzas]
        return sung(seed, style, voice, halves)


def halved(line: LyricLine) -> tuple[LyricLine, LyricLine]:
    middle = (len(line.words) + 1) // 2
    first, second = line.words[:middle], line.words[middle:]
    return LyricLine(first, " ".join(first)), LyricLine(second, " ".join(second))


def stanzas_of(lyrics: str) -> list[Stanza]:
    """The sections of lyrics, in words of the lexicon or that could be."""
    return [
        (part.name, tuple(LyricLine(tuple(re.findall(r"[a-z']+", line.lower())), line) for line in part.lines))
        for part in sections(lyrics)
    ]


def spoken(word: str) -> tuple[str, ...]:
    """Phones of a word that the lexicon does not hold, its first vowel stressed."""
    names = [PHONES[LETTERS.index(letter)] for letter in pronounce(word) or ""]
    vowels = [number for number, name in enumerate(names) if name[0] in "AEIOU"]
    plain = ["AH" if name == "AX" else name for name in names]
    return tuple(f"{name}{int(n == vowels[0])}" if n in vowels else name for n, name in enumerate(plain))


def heard_words(text: str, lyrics: str) -> int:
    """Count the words of the lyrics that a text holds, in their order."""
    matcher = SequenceMatcher(None, normalised_words(text), normalised_words(lyrics), autojunk=False)
    return sum(block.size for block in matcher.get_matching_blocks())


def line(request: dict[str, Any], record: dict[str, Any]) -> str:
    spoken = record["words"]
    heard = "" if spoken["text"] is None else f", {heard_words(spoken['text'], request['lyrics'])} words heard"
    failed = [name for name, verdict in record["verdicts"].items() if verdict is False]
    return f"{request['tags']}: {spoken['phoneme_error_rate']:.0%} of the phones wrong{heard}, failed {failed}"


def summary(requests: list[dict[str, Any]], records: list[dict[str, Any]]) -> str:
    phones = sum(record["words"]["phones"] for record in records)
    wrong = sum(record["words"]["phoneme_error_rate"] * record["words"]["phones"] for record in records)
    lines = [f"{len(records)} songs, {wrong / phones:.1%} of {phones} phones wrong"]
    if all(record["words"]["text"] is not None for record in records):
        words = sum(len(normalised_words(request["lyrics"])) for request in requests)
        heard = sum(
            heard_words(record["words"]["text"], request["lyrics"])
            for request, record in zip(requests, records, strict=True)
        )
        lines.append(f"{heard} of {words} words heard ({heard / words:.1%})")
    for name in ("tempo", "key", "style", "voice", "length", "sound"):
        judged = [v for record in records if (v := record["verdicts"][name]) is not None]
        lines.append(f"{name}: {sum(judged)} of {len(judged)}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
