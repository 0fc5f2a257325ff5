"""Lyrics: sections under all the names that people give them, scripts, cleaning."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khala.music.lyrics import SECTION_TAGS, Section, clean_lyrics, detect_script, section_name, sections, unknown_tags


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        *((name, name) for name in SECTION_TAGS),
        ("Verse 1", "verse"),
        ("VERSE2", "verse"),
        ("verse II", "verse"),
        ("Verse B", "verse"),
        ("Chorus x2", "chorus"),
        ("Chorus: everybody", "chorus"),
        (" Hook ", "chorus"),
        ("Refrain", "chorus"),
        ("Pre-Chorus", "pre-chorus"),
        ("Pre Chorus 2", "pre-chorus"),
        ("prechorus", "pre-chorus"),
        ("Instrumental", "inst"),
        ("Interlude 1", "inst"),
        ("Middle 8", "bridge"),
        ("Guitar Solo", "solo"),
        ("Ending", "outro"),
        ("主歌1", "verse"),
        ("副歌", "chorus"),
        ("Rap battle", "rap battle"),
        ("Music", "music"),
        ("mix", "mix"),
        ("", ""),
    ],
)
def test_section_names(tag, name):
    assert section_name(tag) == name


def test_sections():
    lyrics = "oh yes\n\n[Verse 1]\nla la\n\n  lo lo \n【副歌】 hey\n[Rap battle]\nyo\n[inst]\n[Rap battle]"
    assert sections(lyrics) == [
        Section("", ("oh yes",)),
        Section("verse", ("la la", "lo lo")),
        Section("chorus", ("hey",)),
        Section("rap battle", ("yo",)),
        Section("inst", ()),
        Section("rap battle", ()),
    ]
    assert unknown_tags(lyrics) == ("rap battle",)
    assert sections("") == []


def test_a_bracket_within_a_line_is_no_tag():
    assert sections("[verse]\nla [softly] la") == [Section("verse", ("la [softly] la",))]


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("", ""),
        ("[verse]\n1, 2, 3!", ""),
        ("Hello, été!", "latin"),
        ("[Verse 1]\n月光洒在窗台上", "han"),
        ("夜空に花火が咲く", "kana"),
        ("ＡＢＣ", "latin"),
        ("ﾊﾟﾘ", "kana"),
        ("사랑해 愛", "hangul"),
        ("Привет, мир", "cyrillic"),
        ("Γειά σου", "greek"),
        ("سلام", "arabic"),
        ("नमस्ते", "devanagari"),
        ("月光洒在 love me now", "mixed"),
        ("月光洒在窗台上我想起你 ok", "han"),
    ],
)
def test_detect_script(text, script):
    assert detect_script(text) == script


def test_cleaning_beyond_the_fixture():
    assert clean_lyrics("a――――b\u2212c") == "a-b-c"
    assert (
        clean_lyrics("caf\u00e9 \U0001f3b5 \u0e2a\u0e27\u0e31\u0e2a") == "caf\u00e9 \U0001f3b5 \u0e2a\u0e27\u0e31\u0e2a"
    )
    assert clean_lyrics("that\u00e2\u0080\u0099s \u00e2 chateau") == "that's \u00e2 chateau"


@given(st.text())
def test_cleaning_leaves_lines_and_ascii_words_alone(text):
    words = "".join(char for char in text if char.isascii() and char.isalnum())
    assert clean_lyrics(words) == words
    assert clean_lyrics(f"x{text}x").count("\n") == text.count("\n")
    assert sum(len(section.lines) for section in sections(text)) <= text.count("\n") + 1
