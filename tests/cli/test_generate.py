import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from khala.audio.files import read_audio, write_audio
from khala.cli import generate as verb
from khala.cli.main import run
from khala.cli.output import MAX_OVERRUN
from khala.music.errors import InvalidRequest
from khala.music.example import EXAMPLE
from khala.music.timing import TimedLine, TimedWord

WORDS = ["--tags", "pop, 100 bpm", "--lyrics", "[verse]\nla la", "--duration", "5"]


@pytest.fixture
def sing(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Run `khala generate` with the noise model in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return lambda *args: run(["generate", "--model", str(model), "--device", "cpu", "--dtype", "float32", *args])


def test_a_song_and_its_record(sing, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert sing(*WORDS, "--seed", "7", "--json") == 0
    said = capsys.readouterr()
    song = tmp_path / "pop-100-bpm-7-1.wav"
    samples, rate = read_audio(song)
    assert rate == 44100 and samples.shape[0] == 2 and 0 < samples.shape[1] / rate <= 5 * MAX_OVERRUN + 0.1
    record = json.loads(song.with_suffix(".json").read_text())
    assert record["request"]["tags"] == ["pop", "100 bpm"] and record["seed"] == 7
    assert json.loads(said.out) == [{"file": song.name, **record}]
    stages = [line.split()[0] for line in said.err.splitlines() if line.endswith("...")]
    assert stages == ["load", "backbone", "superres", "decode", "finish"]
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".json", ".wav"]


def test_the_same_seed_is_the_same_song_alone_or_among_takes(sing, tmp_path: Path) -> None:
    assert sing(*WORDS, "--seed", "7", "--output", "a.flac", "--quiet") == 0
    assert sing(*WORDS, "--seed", "7", "--output", "b.flac", "--quiet", "--takes", "2") == 0
    assert sing(*WORDS, "--seed", "8", "--output", "c.flac", "--quiet") == 0
    one, first, second, other = (read_audio(tmp_path / f"{name}.flac")[0] for name in ("a", "b-1", "b-2", "c"))
    assert np.array_equal(one, first)
    assert not np.array_equal(first, second) and not np.array_equal(one, other)


def test_quiet_says_nothing(sing, capsys: pytest.CaptureFixture[str]) -> None:
    assert sing(*WORDS, "--quiet") == 0
    assert capsys.readouterr() == ("", "")


def test_no_words_make_the_example(sing, tmp_path: Path) -> None:
    assert sing("--duration", "0:05", "--format", "mp3") == 0
    record = json.loads((tmp_path / f"{EXAMPLE.slug()}-{EXAMPLE.seed}-1.json").read_text())
    assert record["request"]["lyrics"] == EXAMPLE.lyrics
    assert record["request"]["duration"] == 5


def test_sampling_is_the_models_own_unless_chosen(sing, tmp_path: Path) -> None:
    assert sing(*WORDS, "--seed", "1", "--top-k", "3", "--temperature", "0.7", "-o", "a.wav") == 0
    sampling = json.loads((tmp_path / "a.json").read_text())["request"]["sampling"]
    assert sampling == {
        "temperature": 0.7,
        "top_k": 3,
        "superres_temperature": 1.0,
        "superres_top_k": 10,
        "guidance": 1.0,
        "superres_sampling": "top_k",
    }
    assert sing(*WORDS, "--seed", "1", "--superres-sampling", "mean", "-o", "b.wav") == 0
    assert sing(*WORDS, "--seed", "1", "--superres-top-k", "0", "-o", "c.wav") == 0
    means = [json.loads((tmp_path / f"{name}.json").read_text())["request"]["sampling"] for name in "bc"]
    assert means[0] == means[1] and means[0]["superres_sampling"] == "mean"
    assert np.array_equal(*(read_audio(tmp_path / f"{name}.wav")[0] for name in "bc"))


def test_words_for_which_a_song_is_too_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    lyrics = "[verse]\n" + "sing along\n" * 12
    assert run(["generate", "--tags", "pop", "--lyrics", lyrics, "--duration", "5", "--seed", "1", "-o", "a.wav"]) == 0
    left = json.loads((tmp_path / "a.json").read_text())["unsung_lines"]
    said = capsys.readouterr().err
    assert 0 < left < 12 and f", {left} lines of the lyrics not sung" in said
    assert f"note: The song is too short for {left} lines" in said, "which was known before"


def test_lyrics_come_from_a_file(sing, tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("\ufeff[verse]\nHello\n", encoding="utf-8")
    assert sing("--tags", "pop", "--lyrics-file", "words.txt", "--duration", "5", "-o", "new/folder") == 0
    (record,) = (tmp_path / "new" / "folder").glob("*.json")
    assert json.loads(record.read_text())["request"]["lyrics"] == "[verse]\nHello"


def test_lyrics_come_from_standard_input(
    sing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO()))
    assert sing("--lyrics-file", "-") == 2
    assert "standard input contains no lyrics; add some" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO("[verse]\nHellö\n".encode())))
    assert sing("--tags", "pop", "--lyrics-file", "-", "--duration", "5", "-o", "a.wav") == 0
    assert json.loads((tmp_path / "a.json").read_text())["request"]["lyrics"] == "[verse]\nHellö"


def test_nothing_but_an_older_song_of_ours_is_overwritten(
    sing, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """package.json is no record; package.wav and package.mp3 are two songs; package.flac is somebody's recording."""
    (tmp_path / "package.json").write_text('{"name": "mine", "version": "1.0.0"}')
    for seed in "1", "2":  # again under the same name: both the song and its record are new
        assert sing(*WORDS, "--seed", seed, "-o", "package.wav") == 0
    assert ", record in package.wav.json" in capsys.readouterr().err
    assert sing(*WORDS, "--seed", "3", "-o", "package.mp3", "--quiet") == 0
    assert json.loads((tmp_path / "package.json").read_text())["name"] == "mine"
    records = [json.loads((tmp_path / f"package.{format}.json").read_text()) for format in ("wav", "mp3")]
    assert [(record["file"], record["seed"]) for record in records] == [("package.wav", 2), ("package.mp3", 3)]

    recording = write_audio(tmp_path / "package.flac", np.zeros((2, 4410), np.float32), 44100)
    before = recording.read_bytes()
    assert sing(*WORDS, "-o", "package.flac") == 2
    assert "package.flac: it exists and was not made by Khala" in capsys.readouterr().err
    assert recording.read_bytes() == before


BAD = {
    "an empty prompt": (["--prompt", ""], "empty"),
    "a blank prompt": (["--prompt", "  "], "blank"),
    "a huge prompt": (["--prompt", "x" * 100_000], "100000 characters"),
    "huge lyrics": (["--lyrics", "x" * 100_000], "100000 characters"),
    "control characters": (["--lyrics", "la\x00la\x1b[31m"], "control character"),
    "lyrics with --instrumental": (["--lyrics", "la", "--instrumental"], "instrumental"),
    "--instrumental alone": (["--instrumental"], "empty"),
    "prompt and tags": (["--prompt", "a", "--tags", "b"], "use only one of them"),
    "lyrics twice": (["--lyrics", "a", "--lyrics-file", "b"], "use only one of them"),
    "no such lyrics file": (["--lyrics-file", "none.txt"], "none.txt: No such file"),
    "no lyrics in the file": (["--lyrics-file", "/dev/null"], "/dev/null contains no lyrics; add some"),
    "a folder of lyrics": (["--lyrics-file", "."], "Is a directory"),
    "a lyrics file of no name": (["--lyrics-file", "a\0b"], "embedded null byte"),
    "duration 0": (["--duration", "0"], "duration is 0"),
    "negative duration": (["--duration", "-3"], "duration is -3"),
    "endless duration": (["--duration", "1e9"], "duration is 1000000000"),
    "duration NaN": (["--duration", "NaN"], "duration is nan"),
    "duration in words": (["--duration", "long"], "give seconds or M:SS"),
    "duration over the model's": (["--duration", "1:01"], "songs of up to 30 s"),
    "no takes": (["--takes", "0"], "takes is 0"),
    "too many takes": (["--takes", "17"], "takes is 17"),
    "negative seed": (["--seed", "-1"], "seed is -1"),
    "huge seed": (["--seed", str(2**63)], "seed is 9223372036854775808"),
    "cold temperature": (["--temperature", "0"], "temperature is 0"),
    "temperature NaN": (["--temperature", "nan"], "temperature is nan"),
    "no top-k": (["--top-k", "0"], "top_k is 0"),
    "unknown device": (["--device", "abacus"], "--device 'abacus' is unknown"),
    "unknown dtype": (["--dtype", "int3"], "--dtype 'int3' is unknown"),
    "a codec of bytes": (["--dtype", "backbone=int8,superres=int8,codec=int8"], "codec=int8' is unknown"),
    "unknown engine": (
        ["--engine", "tensorrt"],
        "--engine 'tensorrt' is unknown; choose auto, onnx, torch or torch-compiled",
    ),
    "half of two dtypes": (["--dtype", "backbone=float32"], "--dtype 'backbone=float32' is unknown"),
    "unknown format": (["--format", "ogg"], "--format 'ogg' is unknown"),
    "unknown extension": (["--output", "a.txt"], "an unsupported extension"),
    "several takes to play": (["--play", "--takes", "2"], "--play is for a single take"),
    "several takes to stdout": (["-o", "-", "--takes", "2"], "--output - is for a single take"),
    "stdout in MP3": (["-o", "-", "--format", "mp3"], "--output - writes WAV, and --format is mp3"),
    "stdout twice": (["-o", "-", "--json"], "both write to standard output"),
    "unwritable output": (["--output", "/proc/a.wav"], "cannot write"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line_status_2_and_nothing_written(
    case: str, sing, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    args, message = BAD[case]
    assert sing(*args) == 2
    said = capsys.readouterr()
    assert said.out == "" and len(said.err.splitlines()) == 1 and message in said.err
    assert list(tmp_path.iterdir()) == []


def test_audio_does_not_go_to_a_terminal(
    sing, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert sing(*WORDS, "-o", "-") == 2
    assert "which is a terminal; redirect it" in capsys.readouterr().err


def test_a_song_on_standard_output(sing, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert sing(*WORDS, "--seed", "7", "-o", "-") == 0
    said = capfdbinary.readouterr()
    assert b"backbone ..." in said.err and list(tmp_path.iterdir()) == []
    (tmp_path / "heard.wav").write_bytes(said.out)
    assert sing(*WORDS, "--seed", "7", "-o", "made.wav", "--quiet") == 0
    heard, made = (read_audio(tmp_path / f"{name}.wav")[0] for name in ("heard", "made"))
    assert heard.shape == made.shape
    assert np.corrcoef(heard[0], made[0])[0, 1] > 0.99, "but for its loudness"


def test_a_song_that_is_played_is_the_song(
    sing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    assert sing(*WORDS, "--seed", "7", "-o", "a.flac", "--play") == 0
    assert "note: no player was found; install FFmpeg" in capsys.readouterr().err
    player = tmp_path / "bin" / "aplay"
    player.write_text(f"#!/bin/sh\nexec /bin/cat > {tmp_path}/played\n")
    player.chmod(0o755)
    assert sing(*WORDS, "--seed", "7", "-o", "b.flac", "--play", "--json") == 0
    assert sing(*WORDS, "--seed", "7", "-o", "c.flac") == 0
    songs = [read_audio(tmp_path / f"{name}.flac")[0] for name in "abc"]
    assert all(np.array_equal(song, songs[0]) for song in songs)
    assert (tmp_path / "played").stat().st_size == 4 * songs[0].shape[1]


def test_a_reader_that_goes_away_ends_the_song(model: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "khala", "generate", "--model", str(model), *WORDS, "-o", "-", "--quiet"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.read(4) == b"RIFF"
        process.stdout.close()
        assert process.wait(120) == 141
        assert process.stderr is not None and process.stderr.read() == b""


def test_lyrics_that_are_no_text_are_refused(sing, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "latin").write_bytes(b"caf\xe9")
    (tmp_path / "large").write_bytes(b"x" * 1_000_000)
    assert sing("--lyrics-file", "latin") == 2
    assert sing("--lyrics-file", "large") == 2
    assert [line.rsplit(": ")[-1] for line in capsys.readouterr().err.splitlines()] == [
        "latin is not UTF-8 text; save it as UTF-8",
        "large is too large; at most 10000 characters of lyrics are allowed",
    ]


@pytest.mark.parametrize("fault", ["unknown", "no weights", "cut weights", "wrong digest", "no config"])
def test_a_missing_or_broken_model_is_status_3(
    fault: str, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken"
    if fault != "unknown":
        shutil.copytree(model, broken)
    weights = broken / "backbone.safetensors"
    if fault == "no weights":
        weights.unlink()
    elif fault == "cut weights":
        os.truncate(weights, 1000)
    elif fault == "wrong digest":
        weights.write_bytes(weights.read_bytes()[:-1] + b"!")
    elif fault == "no config":
        (broken / "config.json").unlink()
    assert run(["generate", *WORDS, "--model", str(broken), "-o", str(tmp_path / "a.wav")]) == 3
    said = capsys.readouterr()
    assert said.out == "" and len([line for line in said.err.splitlines() if line.startswith("khala: ")]) == 1
    assert "Traceback" not in said.err
    assert not list(tmp_path.glob("a*"))


def test_refusals_come_before_torch(model: Path, tmp_path: Path) -> None:
    probe = "import sys; from khala.cli.main import run; s = run(sys.argv[1:]); sys.exit('torch' in sys.modules or s)"
    for args, status in (["--duration", "0"], 2), (["--output", "/proc/a.wav"], 2), (["--model", "none"], 3):
        call = [sys.executable, "-c", probe, "generate", "--model", str(model), *args]
        assert subprocess.run(call, capture_output=True, cwd=tmp_path).returncode == status


def test_an_interrupt_leaves_nothing_behind(model: Path, tmp_path: Path) -> None:
    call = [sys.executable, "-m", "khala", "generate", "--model", str(model), "--tags", "pop", "--takes", "16"]
    singer = subprocess.Popen(
        [*call, "--duration", "30"], cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert singer.stderr is not None
    for line in singer.stderr:
        if line.startswith("backbone"):
            break
    time.sleep(0.3)
    singer.send_signal(signal.SIGINT)
    rest = singer.stderr.read()
    assert singer.wait(timeout=60) == 130
    assert rest.splitlines()[-1] == "khala: interrupted" and "Traceback" not in rest
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("text", "length"), [("90", 90), ("90.5", 90.5), ("1:30", 90), ("0:05", 5), (" 10:00 ", 600)])
def test_lengths(text: str, length: float) -> None:
    assert verb.parse_duration(text) == length


@pytest.mark.parametrize("text", ["1:60", "1:2:3", ":30", "", "90s"])
def test_what_is_no_length(text: str) -> None:
    with pytest.raises(InvalidRequest, match="M:SS"):
        verb.parse_duration(text)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    options=st.fixed_dictionaries(
        {},
        optional={
            "--prompt": st.text(max_size=30),
            "--tags": st.text(max_size=30),
            "--lyrics": st.text(max_size=60),
            "--duration": st.one_of(st.floats().map(str), st.text(max_size=6)),
            "--takes": st.integers().map(str),
            "--seed": st.integers().map(str),
            "--temperature": st.floats().map(str),
            "--top-k": st.integers().map(str),
            "--format": st.sampled_from(["wav", "flac", "mp3", "opus", "midi", ""]),
            "--model": st.text(max_size=10),
            "--device": st.text(max_size=5),
        },
    )
)
def test_whatever_is_asked_ends_in_one_line_or_reaches_the_model(
    options: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    def reached(*args: object, **options: object) -> None:
        raise InvalidRequest("reached the model")

    monkeypatch.setattr("khala.generation.pipeline.load", reached)
    status = run(["generate", "--quiet", *(part for option in options.items() for part in option)])
    said = capsys.readouterr()
    assert status in (2, 3)
    assert said.out == "" and len(said.err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """The words of a song of noise are heard."""
    line = TimedLine("la la", 2, "verse", 0.5, 1.5, True, (TimedWord("la", 0.5, 1.0), TimedWord("la", 1.0, 1.5)))
    monkeypatch.setattr("khala.scoring.alignment.align_lyrics", lambda samples, rate, lyrics: [line])


@pytest.mark.usefixtures("heard")
def test_timed_lyrics_are_written_beside_the_song(sing, tmp_path: Path) -> None:
    assert sing(*WORDS, "--seed", "7", "-o", "a.wav", "--timed", "lrc, SRT,elrc,json,vtt", "--quiet") == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *("a.elrc.lrc", "a.json", "a.lrc", "a.lyrics.json", "a.srt", "a.vtt", "a.wav")
    ]
    assert (tmp_path / "a.lrc").read_text() == "[00:00.50]la la\n[00:01.50]\n"
    record = json.loads((tmp_path / "a.json").read_text())
    assert record["lyrics_timed_by"] == "recogniser"
    assert json.loads((tmp_path / "a.lyrics.json").read_text()) == record["lyrics"]
    assert sing(*WORDS, "--seed", "8", "-o", "a.wav", "--timed", "lrc", "--quiet") == 0, "the song's own are replaced"


def test_lyrics_of_which_nothing_is_heard_are_not_written(sing, tmp_path: Path, capsys, monkeypatch) -> None:
    monkeypatch.setattr("khala.scoring.alignment.align_lyrics", lambda samples, rate, lyrics: [TimedLine("la la", 2)])
    assert sing(*WORDS, "-o", "a.wav", "--timed", "lrc") == 0
    assert "no timed lyrics were written" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.json", "a.wav"]


@pytest.mark.parametrize(
    ("timed", "reason"), [("ass", "'ass' is unknown"), ("", "names no format"), ("srt,lrc", "a.lrc: it exists")]
)
def test_timed_lyrics_that_cannot_be_written(sing, tmp_path: Path, timed: str, reason: str, capsys) -> None:
    (tmp_path / "a.lrc").write_text("mine")
    assert sing(*WORDS, "-o", "a.wav", "--timed", timed) == 2
    said = capsys.readouterr().err
    assert reason in said and said.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["a.lrc"] and (tmp_path / "a.lrc").read_text() == "mine"
