"""A user's songs in a corpus: converted once, known again, their words kept up; and what training makes of them."""

import json
import subprocess
import sys
from pathlib import Path
from random import Random
from unicodedata import normalize

import numpy as np
import pytest
import soundfile
import torch
from typer.testing import CliRunner

from khala.audio.loudness import integrated_loudness
from khala.cli.corpus import app
from khala.corpus.data import ingest as module
from khala.corpus.data.excerpts import excerpt, vary
from khala.corpus.data.ingest import FIRST_NUMBER, IngestCounts, ingest
from khala.corpus.data.manifest import CorpusError, read_corpus
from khala.corpus.data.shards import tokenize
from khala.corpus.data.songs import TokenCorpus
from khala.models.codec.folder import save_codec
from khala.models.codec.spectral.codec import SpectralCodec
from khala.models.presets import tiny
from khala.music.errors import OutputError

LRC = "[verse]\n[00:01]Hello\n[00:02]\n[00:06]there\n[00:07]"


def play(path: Path, seconds: float = 8.0, rate: int = 44100, channels: int = 2, amplitude: float = 0.1) -> None:
    """Writes a song: noise, a different one for every name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(list(path.name.encode())).standard_normal((round(seconds * rate), channels))
    soundfile.write(path, amplitude * noise.clip(-3, 3), rate)


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """Three songs: one with lyrics, one with timed lyrics, an instrumental."""
    folder = tmp_path / "mine"
    play(folder / "one.wav")
    (folder / "one.txt").write_text("[verse]\nHello")
    (folder / "one.json").write_text('{"tags": "rock, male vocals", "bpm": 120}')
    play(folder / "album" / "two.flac", rate=48000, channels=1)
    (folder / "album" / "two.lrc").write_text(LRC)
    play(folder / "album" / "three.MP3", rate=22050)
    (folder / "album" / "three.json").write_text('{"prompt": "piano", "instrumental": true}')
    return folder


def take_in(folder: Path, out: Path, processes: int = 1) -> tuple[IngestCounts, list[str]]:
    lines: list[str] = []
    done = ingest(folder, out, processes=processes, refuse=lines.append, progress=lambda *at: None)
    return done, lines


def test_songs_are_taken_in_converted_and_known_again(mine: Path, tmp_path: Path) -> None:
    out = mine / "corpus"  # inside of the folder itself: its songs are not the user's
    assert take_in(mine, out) == (IngestCounts(new=3, kept=0, changed=0, refused=0), [])
    songs = {song.truth["source"]: song for song in read_corpus(out)}
    assert sorted(songs) == ["album/three.MP3", "album/two.flac", "one.wav"]
    assert sorted(song.seed for song in songs.values()) == [FIRST_NUMBER, FIRST_NUMBER + 1, FIRST_NUMBER + 2]
    for song in songs.values():
        samples, rate = soundfile.read(song.audio, dtype="float32")
        assert rate == 44100 and samples.shape[1] == 2 and len(samples) / rate == pytest.approx(song.duration, abs=0.1)
        assert integrated_loudness(samples.T, rate) == pytest.approx(-16, abs=0.3)
    one, two, three = (songs[name] for name in ("one.wav", "album/two.flac", "album/three.MP3"))
    assert (one.tags, one.lyrics, one.vocal, one.truth["bpm"]) == (
        ("rock", "male vocals"),
        "[verse]\nHello",
        "male",
        120,
    )
    assert [line["text"] for line in two.truth["lines"]] == ["Hello", "there"] and two.vocal == "voice"
    assert (three.description, three.vocal) == ("piano", "")

    before = {path: path.stat().st_mtime_ns for path in out.rglob("*.*")}
    (mine / "one.wav").rename(mine / "renamed.wav")
    for ending in ("txt", "json"):
        (mine / f"one.{ending}").rename(mine / f"renamed.{ending}")
    (mine / "album" / "three.json").write_text('{"prompt": "a piano", "instrumental": true}')
    play(mine / "zero.wav")
    (mine / "zero.txt").write_text("la")
    done, _ = take_in(mine, out)
    assert done == IngestCounts(new=1, kept=1, changed=2, refused=0)
    assert {path for path in before if path.stat().st_mtime_ns != before[path]} == {
        one.audio.with_suffix(".json"),
        three.audio.with_suffix(".json"),
    }
    assert [song.seed for song in read_corpus(out)] == [
        FIRST_NUMBER,
        FIRST_NUMBER + 1,
        FIRST_NUMBER + 2,
        FIRST_NUMBER + 3,
    ]


def test_threads_make_the_same_corpus(mine: Path, tmp_path: Path) -> None:
    take_in(mine, tmp_path / "a")
    take_in(mine, tmp_path / "b", processes=3)
    files = [sorted(path.relative_to(out) for path in out.rglob("*.*")) for out in (tmp_path / "a", tmp_path / "b")]
    assert files[0] == files[1] and len(files[0]) == 6
    assert all((tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes() for name in files[0])


def test_what_cannot_be_taken_in_is_named_and_the_rest_goes_on(mine: Path, tmp_path: Path) -> None:
    for name, given in (
        ("long.wav", {"seconds": 601, "rate": 100}),
        ("short.wav", {"seconds": 4}),
        ("silent.wav", {"amplitude": 0}),
        ("wide.wav", {"channels": 6}),
    ):
        play(mine / name, **given)
        (mine / name).with_suffix(".txt").write_text("la")
    (mine / "again.wav").write_bytes((mine / "one.wav").read_bytes())
    (mine / "again.txt").write_text("la")
    (mine / "phone.m4a").write_bytes(b"mp4")
    (mine / "torn.mp3").write_bytes(b"ID3")
    (mine / ".hidden.wav").write_bytes(b"")
    play(mine / "wordless.wav")
    done, lines = take_in(mine, tmp_path / "corpus")
    assert done == IngestCounts(new=3, kept=0, changed=0, refused=8)
    assert [line.replace("; ", ": ").split(": ")[:2] for line in sorted(lines)] == [
        ["long.wav", "it lasts 601.0 s"],
        ["one.wav", "it is the same recording as again.wav"],
        ["phone.m4a", "it cannot be read as audio"],
        ["short.wav", "it lasts 4.0 s"],
        ["silent.wav", "it is silent"],
        ["torn.mp3", "it cannot be read as audio"],
        ["wide.wav", "it has 6 channels"],
        ["wordless.wav", "its lyrics are missing"],
    ]


def test_folders_that_came_from_a_mac_are_taken_in(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    play(mine / normalize("NFD", "Café.MP3"))
    (mine / normalize("NFC", "Café.LRC")).write_text("[00:01.00]la")
    for name in (normalize("NFD", "._Café.MP3"), "__MACOSX/._Café.MP3"):
        (mine / name).parent.mkdir(exist_ok=True)
        (mine / name).write_bytes(b"\x00\x05\x16\x07" + bytes(4092))
    assert take_in(mine, tmp_path / "corpus") == (IngestCounts(new=1, kept=0, changed=0, refused=0), [])
    (song,) = read_corpus(tmp_path / "corpus")
    assert song.lyrics == "la" and song.truth["lines"][0]["start"] == 1.0


def test_a_killed_run_goes_on(mine: Path, tmp_path: Path) -> None:
    out = tmp_path / "corpus"
    call = (
        "import os, sys; from pathlib import Path; from khala.corpus.data import ingest; kept = ingest.store_song\n"
        "def store(song, samples):\n"
        f"    if song.seed == {FIRST_NUMBER + 1}: os._exit(9)\n"
        "    kept(song, samples)\n"
        "ingest.store_song = store\n"
        "ingest.ingest(Path(sys.argv[1]), Path(sys.argv[2]), refuse=print, progress=lambda *at: None)"
    )
    assert subprocess.run([sys.executable, "-c", call, str(mine), str(out)]).returncode == 9
    assert len(list(read_corpus(out))) == 1
    done, _ = take_in(mine, out)
    assert (done.new, done.kept) == (2, 1)
    take_in(mine, tmp_path / "whole")
    for whole in (tmp_path / "whole").rglob("*.*"):
        assert (out / whole.relative_to(tmp_path / "whole")).read_bytes() == whole.read_bytes()


def test_an_interrupt_ends_it_and_leaves_whole_songs(
    mine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(path: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "load_normalised", stop)
    with pytest.raises(KeyboardInterrupt):
        take_in(mine, tmp_path / "corpus")
    assert not list((tmp_path / "corpus").rglob("*.*"))


def test_folders_that_will_not_do(mine: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(CorpusError, match="holds no songs; put audio there"):
        take_in(tmp_path / "empty", tmp_path / "corpus")
    with pytest.raises(CorpusError, match="is no folder"):
        take_in(mine / "one.wav", tmp_path / "corpus")
    with pytest.raises(OutputError, match=r"cannot write to .*one\.wav"):
        take_in(mine, mine / "one.wav")


def test_training_accepts_what_was_taken_in(mine: Path, tmp_path: Path) -> None:
    take_in(mine, tmp_path / "corpus")
    torch.manual_seed(0)
    save_codec(SpectralCodec(tiny().codec), tmp_path / "codec")
    assert tokenize(tmp_path / "corpus", tmp_path / "codec", tmp_path / "tokens") == 3
    corpus = TokenCorpus(tmp_path / "tokens")
    songs = {(*song.tags, song.description): song for song in [*corpus.train, *corpus.held_out]}
    untimed, timed, played = songs["rock", "male vocals", ""], songs[("",)], songs[("piano",)]
    assert [line[2:] for line in timed.lines] == [("verse", "Hello"), ("verse", "there")]
    for seed in range(20):
        for song in songs.values():
            asked = vary(song, Random(seed))
            assert (asked.lyrics, asked.instrumental) == (song.lyrics, not song.voice)
            assert len(song.outline.condition_ids(0, song.frames + 1)) == song.frames + 1
        request, begin, end, lines = excerpt(untimed, 40, Random(seed))
        assert (request.lyrics, begin, end) == ("[verse]\nHello", 0, 40), "nobody knows which words belong to a part"
        request, begin, end, lines = excerpt(timed, 40, Random(seed))
        inside = [text for low, high, _, text in timed.lines if low >= begin and high <= end]
        assert [timed.lines[number][3] for number in lines] == inside
        assert request.lyrics.splitlines()[1:] == inside, "a song without tags has no words for its rests"
        request, begin, end, lines = excerpt(played, 40, Random(seed))
        assert (request.prompt, request.instrumental, end - begin) == ("piano", True, 40)


def test_the_command_counts_and_says_what_it_left_out(mine: Path, tmp_path: Path) -> None:
    out = str(tmp_path / "corpus")
    call = ["ingest", str(mine), "--out", out, "--processes", "2", "--quiet"]
    done = CliRunner().invoke(app, call)
    assert (done.exit_code, done.stdout) == (0, f"3 songs added to {out}; 0 already there, 0 with changed metadata\n")
    assert done.stderr == ""
    (mine / "one.txt").unlink()
    done = CliRunner().invoke(app, call)
    assert done.exit_code == 2 and done.stderr.startswith("khala: one.wav: its lyrics are missing")
    assert done.stdout == f"0 songs added to {out}; 2 already there, 0 with changed metadata, 1 refused\n"
    stats = CliRunner().invoke(app, ["stats", out]).stdout
    assert "songs   3" in stats and "tempo   120 to 120 BPM" in stats and "styles  unknown 3" in stats


def test_json_of_a_stored_song_holds_no_place_of_this_machine(mine: Path, tmp_path: Path) -> None:
    take_in(mine, tmp_path / "corpus")
    for song in read_corpus(tmp_path / "corpus"):
        text = song.audio.with_suffix(".json").read_text()
        assert str(tmp_path) not in text and json.loads(text)["generator"] == 0
