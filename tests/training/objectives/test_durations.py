"""The duration model learns how long phones last, and computes the same without torch."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from khala.conditioning.durations import LEAD_FRAMES
from khala.conditioning.phone_sequence import REST
from khala.corpus.data.songs import TokenCorpus
from khala.models.durations import load_durations
from khala.music.errors import InvalidRequest
from khala.music.phones import LETTERS, phonetic
from khala.training import log
from khala.training.checkpoint import State
from khala.training.objectives.durations import DurationObjective, Durations, Examples, timed_lines, train_durations
from khala.training.recipe import DurationRecipe

RECIPE = DurationRecipe(steps=60, batch=64, log_steps=10, eval_minutes=60)
LINE = "sing a song"


@pytest.fixture
def sung(tokens: Path, tmp_path: Path) -> Path:
    """The songs with a line each, whose vowels last three frames and whose consonants one; it begins in frame 12."""
    folder = tmp_path / "sung"
    folder.mkdir()
    for path in tokens.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    letters = phonetic(LINE).replace(" ", "")
    phones = [LETTERS.index(letter) for letter in letters for _ in range(3 if LETTERS.index(letter) < 16 else 1)]
    end = 12 + len(phones)
    tensors = load_file(folder / "shard-0000.safetensors")
    songs = [json.loads(line) for line in (folder / "shard-0000.jsonl").read_text().splitlines()]
    for song in songs:
        frames = torch.full((song["frames"],), REST, dtype=torch.uint8)
        frames[12:end] = torch.tensor(phones, dtype=torch.uint8)
        tensors[f"phones.{song['seed']}"] = frames
        song |= {"lines": [[12, end + 2, "verse", LINE]] if song["voice"] else [], "bar": 16}
        song["parts"] = [[0, 8, "intro"], [8, song["frames"], "verse"]]
    save_file(tensors, folder / "shard-0000.safetensors")
    (folder / "shard-0000.jsonl").write_text("".join(json.dumps(song) + "\n" for song in songs))
    return folder


def test_lines_are_read_with_the_durations_of_their_phones(sung: Path) -> None:
    corpus = TokenCorpus(sung)
    song = next(song for song in corpus.train if song.voice)
    ((number, line, durations),) = timed_lines(corpus, song)
    assert number == 0 and [LETTERS[phone] for phone in line.phones] == list(phonetic(LINE).replace(" ", ""))
    assert durations == [LEAD_FRAMES + 4, *(3 if phone < 16 else 1 for phone in line.phones)]
    assert not list(timed_lines(corpus, replace(song, voice="")))
    assert not list(timed_lines(corpus, replace(song, lines=((12, 30, "verse", "other words"),))))


def test_it_learns_them(sung: Path, tmp_path: Path) -> None:
    path = train_durations(RECIPE, sung, tmp_path / "run")
    assert path == tmp_path / "run" / "durations.safetensors"
    last = log.read(tmp_path / "run")[-1]
    assert last["kind"] == "held-out" and last["right"] > 0.9 and last["loss"]["duration"] < 0.5
    corpus = TokenCorpus(sung)
    examples = Examples.of(corpus, corpus.held_out)
    logits = [load_durations(path).logits(ids) for ids in examples.ids.numpy()]
    assert (np.argmax(logits, 1) == examples.classes.numpy()).mean() == pytest.approx(last["right"], abs=0.05)


def test_it_computes_the_same_without_torch() -> None:
    torch.manual_seed(1)
    model = Durations().eval()
    ids = torch.randint(len(model.rows), (5, 20))
    expected = model(ids).detach().numpy()
    plain = model.plain()
    for ids_F, logits in zip(ids.numpy(), expected, strict=True):
        np.testing.assert_allclose(plain.logits(ids_F), logits, rtol=1e-4, atol=1e-4)


def test_an_epoch_has_every_phone_once_and_goes_on_where_it_was(sung: Path) -> None:
    corpus = TokenCorpus(sung)
    made = DurationObjective(Examples.of(corpus, corpus.train), Examples.of(corpus, corpus.held_out), RECIPE)
    count = -(-len(made.learned.classes) // RECIPE.batch)
    steps = made.steps(State())
    first = [next(steps) for _ in range(count + 1)]
    numbers = np.concatenate([step.specs[0] for step in first[:count]])
    assert sorted(numbers) == list(range(len(made.learned.classes))) and first[count].epoch == 1
    resumed = next(made.steps(State(2, 0.0, 0, 2)))
    assert np.array_equal(resumed.specs[0], first[2].specs[0])


def test_songs_without_known_phones_are_refused(tokens: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="holds no song whose phones are known"):
        train_durations(RECIPE, tokens, tmp_path)
