"""Count the words heard of lyrics that people wrote: the requests of requests.json, one attempt each.

    python benchmarks/written.py [--model mini] [--songs 20] [--recogniser WHISPER_FOLDER] [--out FOLDER]

The lyrics are not from the grammar of the corpus, and nothing is trained or chosen by them. The recogniser that the
package ships counts phones; a Whisper model, where there is one, counts words: in order, as a share of all words of the
lyrics. With --out songs are kept as soon as they are made, and a run that was stopped goes on there.
"""

import argparse
import json
from difflib import SequenceMatcher
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import khala
from khala.evaluation.error_rate import normalised_words
from khala.evaluation.report import evaluate_file
from khala.evaluation.whisper import reader

REQUESTS = Path(__file__).with_name("requests.json")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--model", default="mini")
    parser.add_argument("--songs", type=int, default=20)
    parser.add_argument("--recogniser", type=Path, metavar="FOLDER", help="a Whisper model, as for khala evaluate")
    parser.add_argument("--out", type=Path, help="keep songs and records here, and go on with those that lie here")
    arguments = parser.parse_args()
    requests = json.loads(REQUESTS.read_text(encoding="utf-8"))["requests"][: arguments.songs]
    listen = reader(arguments.recogniser) if arguments.recogniser else None
    with TemporaryDirectory() as folder:
        songs = make(arguments.model, requests, arguments.out or Path(folder))
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
