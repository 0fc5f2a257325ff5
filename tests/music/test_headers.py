"""Section headers under all the names that people give them, with and without brackets."""

import pytest

from khala.music.headers import SECTION_TAGS, bare_header, nearest_tag, read_header, section_name


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
        ("Verse 1 - Female Vocal, breathy", "verse"),
        ("Chorus - final, a cappella", "chorus"),
        ("Chorus | full band", "chorus"),
        ("Chorus full band", "chorus"),
        ("Final Chorus", "chorus"),
        ("2nd Verse", "verse"),
        ("Verse two", "verse"),
        ("Last Chorus x2", "chorus"),
        ("Chorus (repeat)", "chorus"),
        ("intro-short", "intro"),
        ("outro-medium", "outro"),
        ("Sax Solo", "solo"),
        ("Instrumental Break", "inst"),
        ("Piano interlude 2", "inst"),
        ("Rap battle", "rap battle"),
        ("Music", "music"),
        ("mix", "mix"),
        ("", ""),
    ],
)
def test_section_names(tag, name):
    assert section_name(tag) == name


def test_a_header_says_how_often_it_is_sung() -> None:
    times = {"Chorus": 1, "Chorus x2": 2, "Chorus (x3)": 3, "Chorus 2x": 2, "Chorus 2": 1, "Verse x99": 8}
    assert {tag: read_header(tag).times for tag in times} == times


@pytest.mark.parametrize(
    ("line", "after_blank", "found"),
    [
        ("Verse 1", False, ("Verse 1", "")),
        ("CHORUS:", False, ("CHORUS", "")),
        ("(Chorus)", False, ("Chorus", "")),
        ("(Verse 2):", False, ("Verse 2", "")),
        ("Final Chorus", False, ("Final Chorus", "")),
        ("Pre-Chorus", False, ("Pre-Chorus", "")),
        ("Chorus x2", False, ("Chorus x2", "")),
        ("Verse 1: Anna", False, ("Verse 1: Anna", "")),
        ("Chorus: sail away with me tonight", False, ("Chorus", "sail away with me tonight")),
        ("Guitar solo", True, ("Guitar solo", "")),
        ("Bridge", True, ("Bridge", "")),
        ("Hook:", False, ("Hook", "")),
        ("Bridge", False, None),  # may be the last word of a line that was broken
        ("Hook", False, None),
        ("Drop", True, None),
        ("The end", True, None),
        ("The chorus of the morning birds", True, None),
        ("A bridge across the sea", True, None),
        ("Solo tonight", True, None),
        ("(carry me)", True, None),
        ("Refrain from tears: the night is young", True, None),
    ],
)
def test_bare_headers(line: str, after_blank: bool, found: tuple[str, str] | None) -> None:
    assert bare_header(line, after_blank) == found


@pytest.mark.parametrize(
    ("name", "tag"),
    [("vers", "verse"), ("chrous", "chorus"), ("brige", "bridge"), ("otro", "outro"), ("rap battle", None), ("", None)],
)
def test_misspellings(name: str, tag: str | None) -> None:
    assert nearest_tag(name) == tag
