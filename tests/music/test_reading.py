"""Lyrics as people paste them, from everywhere: what of them is sung, and in which sections."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khala.music.lyrics import clean_lyrics
from khala.music.reading import MAX_REPEATED_CHARACTERS, Section, read_lyrics, sections

VERSE = ("Letters in the window light", "I will answer them tonight")
CHORUS = ("Wait for me, wait for me", "Underneath the apple tree")
TWO = [Section("verse", VERSE), Section("chorus", CHORUS)]


def song(verse: str, chorus: str, between: str = "\n\n") -> str:
    """Both sections under the headers given."""
    return "\n".join((verse, *VERSE)) + between + "\n".join((chorus, *CHORUS))


def kinds(text: str) -> list[str]:
    return [remark.kind for remark in read_lyrics(text).remarks]


def test_sections() -> None:
    lyrics = "oh yes\n\n[Verse 1]\nla la\n\n  lo lo \n【副歌】 hey\n\n[Rap battle]\nyo\n[inst]\n"
    assert sections(lyrics) == [
        Section("", ("oh yes",)),
        Section("verse", ("la la", "lo lo")),
        Section("chorus", ("hey",)),
        Section("rap battle", ("yo",)),
        Section("inst", ()),
    ]
    assert kinds(lyrics) == ["unknown-section"]
    assert sections("") == []


@pytest.mark.parametrize(
    ("verse", "chorus"),
    [
        ("[verse]", "[chorus]"),
        ("[Verse 1: Anna]", "[Chorus: Both]"),
        ("[Verse 1 – Female Vocal, breathy]", "[Chorus – final, a cappella]"),
        ("(Verse 1)", "(Chorus)"),
        ("Verse 1", "Chorus"),
        ("VERSE ONE:", "FINAL CHORUS:"),
        ("**[Verse 1]**", "**Chorus**"),
        ("## Verse 1", "### Chorus"),
        ("- Verse", "> Chorus"),
        ("{start_of_verse}", "{soc}"),
        ("{comment: Verse 1}", "{c: Chorus}"),
        ("[Verse 1] [Whispered]", "[Chorus][Belting][Big drums]"),
        ("[vers]", "[chrous]"),
        ("【主歌】", "【副歌】"),
        ("<p><b>[Verse]</b></p>", "<h3>Chorus</h3>"),
    ],
)
def test_headers_are_read_and_not_sung(verse: str, chorus: str) -> None:
    assert sections(song(verse, chorus)) == TWO


def test_the_text_of_ordinary_lyrics_stays_as_it_is() -> None:
    lyrics = "[Verse 1]\nOne  line, two\n\n\n(hey)\nand more & more\n\n[chorus]\nSing it"
    read = read_lyrics(lyrics)
    assert read.text == clean_lyrics(lyrics) and not read.remarks
    assert [row.number for row in read.lines] == [2, 5, 6, 9]
    assert [(section.label, section.number) for section in read.sections] == [("Verse 1", 1), ("chorus", 8)]


@pytest.mark.parametrize(
    "cue",
    [
        "[snare roll]",
        "[Vocal chop: 'tonight']",
        "[abrupt silence]",
        "[singer 1: male]",
        "{tempo: 90}",
        "{title: Letters}",
        "♪ ♪ ♪",
        "...",
        "***",
        "---",
        "[]",
        "```",
        "(softly)",
        "(fades out)",
        "*sighs*",
        "G  Em  C  D7",
    ],
)
@pytest.mark.parametrize("place", range(5))
def test_what_is_not_sung_takes_no_place(cue: str, place: int) -> None:
    lines = song("[verse]", "[chorus]").split("\n")
    lines.insert((1, 2, 3, 5, 7)[place], cue)
    assert sections("\n".join(lines)) == TWO


def test_cues_within_a_line_are_left_out() -> None:
    read = read_lyrics(
        "[verse]\nI was falling [softly] down the stairs *sighs*\nNobody (laughs) noticed, [pause] no one"
    )
    assert [row.text for row in read.lines] == ["I was falling down the stairs", "Nobody noticed, no one"]
    (remark,) = read.remarks
    assert (remark.kind, remark.line, remark.values["count"]) == ("cue-dropped", 2, 4)


def test_answers_in_round_brackets_are_sung() -> None:
    lines = ("Turn the music on (music on)", "(to the beat)", "(ooh, ooh)", "Hush (a whisper in the dark)")
    assert sections("\n".join(lines)) == [Section("", lines)]


def test_chords_are_left_out() -> None:
    sheet = "[verse]\n[G]Walking on a [Em]wire of g[C/E]old\nAm   F#m7  C/G\n| G | D |\n"
    sheet += "[C]Never feel[D7sus4]ing very [N.C.]old"
    assert sections(sheet) == [Section("verse", ("Walking on a wire of gold", "Never feeling very old"))]
    assert kinds(sheet) == ["chords-dropped"]
    assert sections("A\nAm I\nA day") == [Section("", ("A", "Am I", "A day"))], "words that look like chords"


def test_time_stamps_are_left_out() -> None:
    lrc = "[ti:Harbour Lights]\n[ar:Nobody]\n[00:02.10]Lanterns on the wall\n"
    lrc += "[00:05.40]<00:05.40>Hear <00:06>the call\n[00:09.00]"
    assert sections(lrc) == [Section("", ("Lanterns on the wall", "Hear the call"))]
    subtitles = (
        "1\n00:00:01,000 --> 00:00:04,000\nLanterns on the wall\n\n2\n00:00:05,000 --> 00:00:08,000\nHear the call\n"
    )
    assert sections(subtitles) == sections(lrc)
    assert kinds(lrc) == kinds(subtitles) == ["stamps-dropped"]


@pytest.mark.parametrize(
    "separator", ["\r\n", "\r", "\u2028", "\u2029", "\x0b", "\x85", "\\n", "\\r\\n", "<br>", "<br />"]
)
def test_all_that_breaks_a_line(separator: str) -> None:
    assert sections(song("[verse]", "[chorus]").replace("\n", separator)) == TWO


def test_entities_and_decomposed_letters() -> None:
    read = read_lyrics("Don&#39;t you know I&apos;m here &amp; now\nMan\u0303ana, R&B; Q&A")
    assert [row.text for row in read.lines] == ["Don't you know I'm here & now", "Ma\u00f1ana, R&B; Q&A"]


def test_whole_lyrics_on_one_line() -> None:
    line = "[intro-short] ; [verse] Pebbles in the rain. Called me by my name. ; "
    line += "[chorus] Stay a while? I smile! ; [outro-short]"
    assert [(section.name, section.lines) for section in sections(line)] == [
        ("intro", ()),
        ("verse", ("Pebbles in the rain.", "Called me by my name.")),
        ("chorus", ("Stay a while?", "I smile!")),
        ("outro", ()),
    ]


def test_text_of_lyric_pages() -> None:
    page = "31 ContributorsTranslationsPaper Planes Lyrics[Verse 1: Somebody]\nFolded paper\n"
    page += "See Her LiveGet tickets as low as $42\nYou might also likeFolded hands\nFly another day148Embed"
    assert sections(page) == [Section("verse", ("Folded paper", "Folded hands", "Fly another day"))]
    assert sections("# My Song\n\n- one\n* two\n> three\n*four*, five __six__") == [
        Section("", ("one", "two", "three", "four, five six"))
    ]


@pytest.mark.parametrize("mark", ["(x2)", "x2", "(2x)", "[x2]", "(×2)", "(repeat)", "x 2", "2x"])
def test_repetitions(mark: str) -> None:
    assert sections(f"[chorus]\nSing it {mark}\nOh") == [Section("chorus", ("Sing it", "Sing it", "Oh"))]
    assert kinds(f"Sing it {mark}") == ["repeated"]


def test_sections_that_come_back() -> None:
    whole = Section("chorus", ("One", "Two", "One", "Two"))
    assert sections("[chorus]\nOne\nTwo\n(x2)") == [whole]
    assert sections("[chorus x2]\nOne\nTwo\n\n[verse]\nThree") == [whole, Section("verse", ("Three",))]
    again = read_lyrics("[chorus]\nOne\n\n[verse]\nTwo\n\n[Chorus]\n\n[verse]\n\n[outro]")
    assert [section.lines for section in again.sections] == [("One",), ("Two",), ("One",), (), ()]
    assert [remark.kind for remark in again.remarks] == ["chorus-repeated"]
    assert sections("[chorus]\n[verse]\nTwo")[0].lines == (), "nothing was sung before"


def test_repetitions_have_an_end() -> None:
    read = read_lyrics("[chorus x8]\n" + "la la la la la la la la la\n" * 150 + "\n[verse]\nOh\n[chorus]")
    assert len(read.text) <= MAX_REPEATED_CHARACTERS


def test_who_sings_a_line_is_not_sung() -> None:
    assert sections("Him: Hold on\nHer: I will\nBoth: Hold on\nNote: this is sung") == [
        Section("", ("Hold on", "I will", "Hold on", "Note: this is sung"))
    ]


WRITTEN = [
    "[verse]",
    "[Chorus x2]",
    "Chorus",
    "(Bridge)",
    "[C]",
    "[soft guitar]",
    "(x2)",
    "la la",
    "**hey** you",
    "&amp;",
    "# Title",
    "♪",
]


@given(
    st.lists(
        st.sampled_from([*WRITTEN, "", "- one", "Verse 1: go now", "{soc}", "Him: no", "oh (oh) x3", "x2"]), max_size=30
    )
)
def test_what_is_read_reads_as_the_same_again(lines: list[str]) -> None:
    read = read_lyrics("\n".join(lines))
    again = read_lyrics(read.text)
    assert again.sections == read.sections and again.text == read.text


@given(st.text(alphabet="[](){}xX2:Chorus verse\n&#;*_-<br>/\\0. 夜é", max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    read = read_lyrics(text)
    assert all(row.text.strip() and not set("[]{}\n") & set(row.text) for row in read.lines)
    assert len(read.text) <= MAX_REPEATED_CHARACTERS + 2 * len(read.rows)
