"""What is said beside an audio file: read as it is meant, or refused in one line that tells what to mend."""

import json
from pathlib import Path
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khala.corpus.data.sidecar import (
    MAX_LINE_SECONDS,
    Sidecar,
    SidecarLine,
    printed_lyrics,
    read_lrc_lines,
    read_sidecar,
)
from khala.music.errors import KhalaError
from khala.music.reading import sections

LRC = """\ufeff[ar:Somebody]
[offset:+500]

[Verse 1]
[00:01.50]Hello  <00:02.00>there
[00:04.00]
[Hook: all]
[01:00.5][00:10]La la
[01:30][outro]
[01:40:25]Goodbye
"""


def say(folder: Path, **files: str) -> Path:
    """`song.mp3` (it need not exist) with `json`, `txt` and `lrc` beside it."""
    for ending, text in files.items():
        (folder / f"song.{ending}").write_text(text, encoding="utf-8")
    return folder / "song.mp3"


def test_words_of_all_three_files(tmp_path: Path) -> None:
    about = {"tags": " Rock,male vocals, rock", "prompt": "A loud song ", "bpm": 120, "style": "rock"}
    audio = say(tmp_path, json=json.dumps(about), txt="[verse]\r\nHello\r\n")
    words = read_sidecar(audio, 60.0)
    assert words == Sidecar(("Rock", "male vocals"), "A loud song", "[verse]\nHello", 120.0, "rock", ())
    assert words.vocal == "male"
    (tmp_path / "song.txt").unlink()
    words = read_sidecar(say(tmp_path, lrc="[00:01]Hello"), 60.0)
    assert words.lyrics == "Hello" and words.lines == (SidecarLine(1.0, 1.0 + MAX_LINE_SECONDS, "", "Hello"),)


@pytest.mark.parametrize(
    ("about", "vocal"),
    [
        ({"lyrics": "la"}, "voice"),
        ({"lyrics": "la", "tags": "duet of male and female"}, "voice"),
        ({"lyrics": "la", "prompt": "sung by a Woman."}, "female"),
        ({"lyrics": "la", "tags": "female vocals"}, "female"),
        ({"lyrics": "la", "tags": "male vocals", "prompt": "A song about a girl."}, "male"),
        ({"instrumental": True, "tags": "a song for a man"}, ""),
        ({"tags": ["piano", "Instrumental"]}, ""),
    ],
)
def test_who_sings(tmp_path: Path, about: dict, vocal: str) -> None:
    assert read_sidecar(say(tmp_path, json=json.dumps(about)), 60.0).vocal == vocal


def test_times_of_lines(tmp_path: Path) -> None:
    lines = read_lrc_lines(say(tmp_path, lrc=LRC).with_suffix(".lrc"), 100.0)
    assert lines == (
        SidecarLine(1.0, 3.5, "verse", "Hello there"),
        SidecarLine(9.5, 24.5, "chorus", "La la"),
        SidecarLine(60.0, 75.0, "chorus", "La la"),
        SidecarLine(99.75, 100.0, "outro", "Goodbye"),
    )
    printed = printed_lyrics(lines)
    assert printed == "[verse]\nHello there\n[chorus]\nLa la\nLa la\n[outro]\nGoodbye"
    assert [section.name for section in sections(printed)] == ["verse", "chorus", "outro"]


@pytest.mark.parametrize(
    "lrc",
    [
        "[00:01.00]one\n[00:03.00]two\n[00:06.20]",
        "[00:01.00]one\nuno\n[00:03.00]two",
        "[00:01.00]one\n[00:01.00]uno\n[00:03.00]two\n[00:03.00]dos",
        "[id:a1]\n[sign:]\n[00:00.00]Composed by: X\n[00:01.00]one\n[00:03.00]two\n[99:00.00]",
    ],
    ids=["a mark behind the end", "a translation without a time", "a translation with its time", "tags and credits"],
)
def test_what_is_not_sung_is_passed_over(tmp_path: Path, lrc: str) -> None:
    lines = read_lrc_lines(say(tmp_path, lrc=lrc).with_suffix(".lrc"), 6.0)
    assert lines == (SidecarLine(1.0, 3.0, "", "one"), SidecarLine(3.0, 6.0, "", "two"))


def test_a_note_alone_sings_nothing(tmp_path: Path) -> None:
    lines = read_lrc_lines(say(tmp_path, lrc="[00:01]one\n[00:02]♪\n[00:04][Chorus] two").with_suffix(".lrc"), 6.0)
    assert lines == (SidecarLine(1.0, 2.0, "", "one"), SidecarLine(4.0, 6.0, "chorus", "two"))


@pytest.mark.parametrize(("lyrics", "prompt"), [(".lyrics.txt", ".caption.txt"), ("_lyrics.txt", "_prompt.txt")])
def test_folders_made_for_ace_step(tmp_path: Path, lyrics: str, prompt: str) -> None:
    (tmp_path / f"song{lyrics}").write_text("[Verse]\nla la")
    (tmp_path / f"song{prompt}").write_text("pop,\n120 bpm\n")
    words = read_sidecar(tmp_path / "song.mp3", 60.0)
    assert (words.lyrics, words.prompt, words.lines) == ("[Verse]\nla la", "pop, 120 bpm", ())


def test_names_may_differ_in_capitals_and_normal_form(tmp_path: Path) -> None:
    (tmp_path / normalize("NFC", "Café.LRC")).write_text("[00:01]la")
    (tmp_path / normalize("NFC", "CAFÉ.Json")).write_text('{"bpm": 90}')
    words = read_sidecar(tmp_path / normalize("NFD", "Café.mp3"), 60.0)
    assert (words.lyrics, words.bpm) == ("la", 90.0)


REFUSED = {
    "nothing at all": ({}, "its lyrics are missing; put them beside it, as song.txt or .lrc"),
    "no word of what is played": ({"json": '{"instrumental": true}'}, "its description is missing"),
    "lyrics twice": ({"txt": "la", "lrc": "[00:01]la"}, "song.txt and song.lrc hold its lyrics; keep one of them"),
    "lyrics in the json too": ({"txt": "la", "json": '{"lyrics": "la"}'}, "song.txt and song.json hold its lyrics"),
    "sung instrumental": ({"txt": "la", "json": '{"instrumental": true}'}, "an instrumental cannot have lyrics"),
    "no json": ({"json": "{"}, "song.json is not JSON"),
    "a deep json": ({"json": "[" * 50_000}, "song.json is not JSON"),
    "a list": ({"json": "[]"}, "song.json is not an object"),
    "a slip": ({"json": '{"tag": "rock"}'}, "song.json has an unknown key 'tag'; it may have tags, prompt"),
    "odd tags": ({"txt": "la", "json": '{"tags": 3}'}, "tags are 3"),
    "odd lyrics": ({"json": '{"lyrics": [1]}'}, "lyrics is [1]"),
    "a slow beat": ({"txt": "la", "json": '{"bpm": 3}'}, "bpm is 3; it is a number from 20 to 400"),
    "NaN": ({"txt": "la", "json": '{"bpm": NaN}'}, "bpm is nan"),
    "an odd style": ({"txt": "la", "json": '{"style": 3}'}, "style is not a short text"),
    "control characters": ({"txt": "la\x07"}, "lyrics contains a control character (U+0007) at character 3"),
    "huge lyrics": ({"txt": "la\n" * 100_000}, "song.txt is too large"),
    "long lyrics": ({"txt": "la\n" * 4_000}, "lyrics has 11999 characters"),
    "a prompt twice": (
        {"caption.txt": "a", "json": '{"prompt": "b"}'},
        "song.json hold its prompt; keep one",
    ),
    "lines without times": ({"lrc": "[00:01]la\nlo\nle\nli"}, "song.lrc: most of its lines have no time of their own"),
    "one time for all": ({"lrc": "[00:00]la\n[00:00]lo\n[00:00]le\n[00:00]li"}, "have no time of their own"),
    "no times": ({"lrc": "[verse]\nla"}, "song.lrc: most of its lines have no time"),
    "no lines": ({"lrc": "[ar:me]\n[00:01]"}, "song.lrc: it has no lines"),
    "words of another song": ({"lrc": "[02:00]la"}, "song.lrc goes on to 120.0 s; the song ends at 60.0 s"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_meant_is_refused(case: str, tmp_path: Path) -> None:
    files, message = REFUSED[case]
    with pytest.raises(KhalaError) as caught:
        read_sidecar(say(tmp_path, **files), 60.0)
    assert message in str(caught.value) and caught.value.exit_status == 2


def test_text_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "song.txt").write_bytes(b"caf\xe9")
    with pytest.raises(KhalaError, match=r"song\.txt is not UTF-8 text"):
        read_sidecar(tmp_path / "song.mp3", 60.0)


parts = st.sampled_from(
    ["[00:01.00]", "[1:2]", "[99:59]", "[verse]", "[ar:x]", "[offset:-9]", "[", "]", "la", " ", "\n"]
)


@given(st.lists(parts | st.text(max_size=5), max_size=30).map("".join))
def test_whatever_stands_in_an_lrc_file_is_refused_or_lies_in_the_song(tmp_path_factory, text: str) -> None:
    path = tmp_path_factory.mktemp("lrc") / "song.lrc"
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    try:
        lines = read_lrc_lines(path, 70.0)
    except KhalaError:
        return
    assert all(0 <= line.start < line.end <= 70.0 and line.text for line in lines)
    assert [line.start for line in lines] == sorted(line.start for line in lines)
