"""Make the songs of requests.json with the embedded model, each at its first attempt, and the table in README.md.

python docs/examples/make.py
"""

import json
from dataclasses import replace
from pathlib import Path

import soundfile

import khala
from khala.audio.resample import resample
from khala.audio.tags.tagging import write_tags
from khala.evaluation.report import evaluate_file
from khala.generation.tagging import tags_of

HERE = Path(__file__).parent
INTRO = """# Twelve songs by Khala Mini

Seeds 1 to 12 of the requests in [requests.json](requests.json), each at its first attempt: none was hand-picked, and
they were only stored as Opus, at about 70 kbit/s. The JSON file beside each song is its record. `python
docs/examples/make.py` makes all of them and this page again, and `make demo` a [site](../demo) to hear them on.

| | request | seconds, requested | what `khala evaluate` finds |
|---|---|---|---|
"""


def main() -> None:
    pipe, rows = khala.load("mini"), []
    for entry in json.loads((HERE / "requests.json").read_text(encoding="utf-8")):
        request = replace(khala.SongRequest.from_dict(entry), sampling=pipe.config.sampling)
        (take,) = pipe.generate(request)
        name = f"{request.seed:02d}-{request.slug()}.opus"
        store(take, HERE / name)
        judged = evaluate_file(HERE / name)["verdicts"].items()
        verdicts = ", ".join(f"{what} {'as asked' if well else 'missed'}" for what, well in judged if well is not None)
        words = request.prompt or ", ".join(request.tags)
        rows.append(f"| [{request.title}]({name}) | {words} | {take.seconds:.0f}, {request.duration:g} | {verdicts} |")
    (HERE / "README.md").write_text(INTRO + "\n".join(rows) + "\n", encoding="utf-8")


def store(take: khala.Take, path: Path) -> None:
    """Save `take` with its record and tags, in a smaller file than `Take.save` writes, to fit a repository."""
    take.save(path)
    samples = resample(take.samples, take.rate, 48000)
    soundfile.write(path, samples.T, 48000, format="OGG", subtype="OPUS", compression_level=0.9)
    with path.open("r+b") as file:
        write_tags(file, tags_of(take.metadata))


if __name__ == "__main__":
    main()
