"""The letters of lyrics: scripts, cleaning."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khala.music.lyrics import clean_lyrics, detect_script


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
