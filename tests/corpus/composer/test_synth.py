import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from khala.cli.corpus import app
from khala.corpus.composer import synth
from khala.corpus.composer.compose.lexicon import entries
from khala.corpus.composer.synth import GENERATOR
from khala.corpus.composer.voice import ToolMissing
from khala.corpus.data.manifest import CorpusError
from khala.corpus.data.split import is_held_out, is_unheard
from khala.music.errors import InvalidRequest


class Inline:
    """The pool of processes, without processes: `made` are the seeds that were asked for."""

    def __init__(self, store: Callable[[Path, int], Path]) -> None:
        self.made: list[int] = []
        self.store = store

    def __enter__(self) -> "Inline":
        return self

    def __exit__(self, *error: object) -> None: ...

    def submit(self, make: object, out: Path, seed: int) -> "synth.Future[float]":
        self.made.append(seed)
        future: synth.Future[float] = synth.Future()
        future.set_result(synth.read_song(self.store(out, seed)).duration)
        return future


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch, store) -> Inline:
    inline = Inline(store)
    monkeypatch.setattr(synth, "process_pool", lambda processes, patient: inline)
    monkeypatch.setattr(synth, "require_fluidsynth", lambda: None)
    monkeypatch.setattr(synth.shutil, "which", lambda program: program)
    return inline


def test_what_is_there_is_kept(tmp_path: Path, pool: Inline, store) -> None:
    store(tmp_path, 11)
    reports: list[synth.SynthProgress] = []
    made = synth.synth(tmp_path, songs=4, seed=10, processes=2, progress=reports.append)
    assert sorted(pool.made) == [10, 12, 13]
    assert made.songs == 4 and made.made == pytest.approx(0.75 * made.seconds, abs=0.01)
    assert reports[-1].songs == 4
    assert synth.synth(tmp_path, songs=4, seed=10).made == 0


def test_songs_of_another_version_are_not_mixed_in(tmp_path: Path, pool: Inline, store) -> None:
    path = store(tmp_path, 11)
    path.write_text(path.read_text().replace(f'"generator":{GENERATOR}', '"generator":1'))
    with pytest.raises(CorpusError, match=r"version 1 of the composer.*choose another folder"):
        synth.synth(tmp_path, songs=4, seed=10)


def test_hours_are_met_and_not_overshot_by_more_than_what_runs(tmp_path: Path, pool: Inline) -> None:
    made = synth.synth(tmp_path, hours=100 / 3600, processes=1)  # songs of 14.9 s
    assert 100 <= made.seconds <= 100 + 3 * 14.9
    assert pool.made == list(range(1, len(pool.made) + 1))


def test_missing_tools_are_said_before_anything_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(synth, "require_fluidsynth", lambda: None)
    monkeypatch.setattr(synth.shutil, "which", lambda program: None)
    with pytest.raises(ToolMissing, match="flite is missing"):
        synth.synth(tmp_path / "corpus", songs=1)
    assert not (tmp_path / "corpus").exists()


@pytest.mark.parametrize("amount", [[], ["--songs", "2", "--hours", "1"], ["--hours", "0"], ["--hours", "nan"]])
def test_the_amount_must_be_said_once(tmp_path: Path, amount: list[str]) -> None:
    result = CliRunner().invoke(app, ["synth", "--out", str(tmp_path), *amount])
    assert isinstance(result.exception, InvalidRequest)


def test_the_command_makes_songs_and_counts_them(tmp_path: Path, pool: Inline) -> None:
    result = CliRunner().invoke(app, ["synth", "--out", str(tmp_path), "--songs", "2"])
    assert result.exit_code == 0 and "2 songs, 0.01 hours" in result.output
    counted = CliRunner().invoke(app, ["stats", str(tmp_path)]).output
    assert "songs   2" in counted and "female 2" in counted and "pop 2" in counted
    assert "0 songs over two minutes" in counted and "held out 0 songs" in counted


def test_stats_tell_forms_singers_and_held_out_words(tmp_path: Path, store) -> None:
    seed = next(seed for seed in range(1000) if is_held_out(f"song-{seed}"))
    word = next(word for word in sorted(entries()) if is_unheard(word))
    for number in (seed, seed + 1):
        path = store(tmp_path, number)
        entry = json.loads(path.read_text())
        entry["truth"] |= {
            "singer": "ada",
            "words_from": "unheard" if number == seed else "templates",
            "sections": [{"name": "intro"}, {"name": "verse"}],
            "words": [{"word": word if number == seed else "love"}],
        }
        path.write_text(json.dumps(entry | {"duration": 130.0}))
    counted = CliRunner().invoke(app, ["stats", str(tmp_path)]).output
    assert "2 songs over two minutes" in counted and "singers ada 2" in counted
    assert "lyrics  unheard 1, templates 1" in counted and "1 different, most often intro verse 2" in counted
    assert "held out 1 songs, 1 of them with 1 words found in no other song" in counted
