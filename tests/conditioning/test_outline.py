"""The outline of a song, frame by frame."""

from dataclasses import replace

from khala.conditioning.outline import NUM_CONDITIONS, Outline, Part, line_condition, place_lines
from khala.conditioning.rows import CONDITION_ROWS, FIRST_ROWS
from khala.conditioning.singers import SINGER_NAMES
from khala.models.lm.config import PAD_ID
from khala.music.headers import SECTION_TAGS

PARTS = (Part(0, 40, "intro"), Part(40, 200, "verse"), Part(200, 280, "outro"))
OUTLINE = Outline(280, 40, 4, PARTS, place_lines(PARTS, ((), (1, 1), ())), key=21, style="folk", voice="female")
BEAT, LEFT, SECTION, BAR_IN, TO_GO, LINE, LINE_LEFT, BAR, KEY, STYLE, VOICE, CHORD, TIME_IN, REPEAT, SINGER = range(
    NUM_CONDITIONS
)


def columns(outline: Outline, kind: int) -> list[int]:
    return [cues[kind] for cues in outline.condition_ids(0, outline.frames)]


def test_lines_share_their_part_evenly() -> None:
    assert place_lines(PARTS, ((), (1, 1), (1,))) == ((40, 120), (120, 200), (200, 280))
    assert place_lines((Part(0, 10, "verse"),), ((1, 1, 1),)) == ((0, 3), (3, 6), (6, 10))
    assert place_lines(PARTS, ((), (1, 3), ())) == ((40, 80), (80, 200)), "a line may need more time than the others"


def test_every_cue_has_a_row_and_no_two_kinds_share_one() -> None:
    outline = replace(OUTLINE, singer="nora", chords=((0, 280, 3),))
    seen = [set(columns(outline, kind)) - {PAD_ID} for kind in range(NUM_CONDITIONS)]
    assert all(0 < row < CONDITION_ROWS for rows in seen for row in rows)
    assert sum(map(len, seen)) == len(set.union(*seen))


def test_time_that_is_left_is_told_in_steps_of_four_frames_and_then_ever_wider() -> None:
    told = {frames: Outline(frames).condition_ids(0, 1)[0][LEFT] for frames in (1, 4, 63, 64, 68, 69, 128, 1291, 5000)}
    assert told == {1: 113, 4: 114, 63: 128, 64: 129, 68: 129, 69: 130, 128: 139, 1291: 172, 5000: 176}


def test_every_bar_counts_the_same_and_every_beat_another() -> None:
    beats = columns(OUTLINE, BEAT)
    assert all(beats[frame] == beats[frame % 40] for frame in range(280))
    assert len(set(beats)) == 40
    assert len({beats[frame] for frame in (0, 10, 20, 30)}) == 4
    waltz = columns(replace(OUTLINE, bar=30, beats=3), BEAT)
    assert waltz[:30:10] == beats[:30:10]


def test_a_bar_between_those_of_the_corpus_is_told_as_the_nearest() -> None:
    told = [columns(replace(OUTLINE, bar=bar), BAR)[0] for bar in range(39, 46)]
    assert told == [told[1]] * 4 + [told[5]] * 3 and told[1] != told[5]
    waltz = [columns(replace(OUTLINE, bar=bar, beats=3), BAR)[0] for bar in (40, 42, 44, 46)]
    assert waltz[0] == waltz[1] == waltz[2] != waltz[3]
    assert len(set(columns(replace(OUTLINE, bar=41), BEAT)[:41])) == 41


def test_the_end_comes_nearer() -> None:
    left = columns(OUTLINE, LEFT)
    assert left == sorted(left, reverse=True)
    assert len(set(left[-63:])) == 16
    assert {cues[LEFT] for cues in OUTLINE.condition_ids(280, 300)} == {left[-1]}
    assert len({Outline(9000).condition_ids(0, 1)[0][LEFT], Outline(90_000).condition_ids(0, 1)[0][LEFT]}) == 1, (
        "the last bin is open"
    )


def test_where_in_the_form_it_is() -> None:
    assert len({columns(OUTLINE, SECTION)[frame] for frame in (0, 40, 199, 200)}) == 3
    bars = columns(OUTLINE, BAR_IN)[40:200]
    assert bars == [bars[0] + frame // 40 for frame in range(160)]
    to_go = columns(OUTLINE, TO_GO)
    assert to_go[39] == to_go[199] == to_go[279] == to_go[0]
    assert to_go[40] == to_go[199] + 3
    unknown = Outline(100, parts=(Part(10, 50, "interlude"),)).condition_ids(0, 100)
    assert unknown[20][SECTION] == unknown[49][SECTION] == columns(OUTLINE, SECTION)[0] + len(SECTION_TAGS)
    assert unknown[9][SECTION] == unknown[50][SECTION] == PAD_ID


def test_a_line_is_told_where_it_is_sung() -> None:
    lines = columns(OUTLINE, LINE)
    assert lines == [PAD_ID] * 40 + [line_condition(0)] * 80 + [line_condition(1)] * 80 + [PAD_ID] * 80
    second = [cues[LINE] for cues in OUTLINE.condition_ids(100, 140, range(1, 2))]
    assert second == [PAD_ID] * 20 + [line_condition(0)] * 20, "of an excerpt's lines the first is number 0"
    assert line_condition(17) == line_condition(1) != line_condition(15)
    left = columns(OUTLINE, LINE_LEFT)
    assert left[39] == left[200] == PAD_ID and left[40:120] == left[120:200]
    assert left[56:120] == sorted(left[56:120], reverse=True) and len(set(left[56:120])) == 32


def test_what_is_not_known_is_nothing() -> None:
    (row,) = Outline(100).condition_ids(0, 1)
    assert [kind for kind, id in enumerate(row) if id != PAD_ID] == [LEFT, TIME_IN]
    other = replace(OUTLINE, key=-1, style="polka", voice="")
    assert [other.condition_ids(0, 1)[0][kind] for kind in (KEY, STYLE, VOICE)] == [PAD_ID] * 3
    assert PAD_ID not in [OUTLINE.condition_ids(0, 1)[0][kind] for kind in (BAR, KEY, STYLE, VOICE)]


STYLES = (
    *("pop", "rock", "ballad", "electronic", "folk", "jazz", "hip hop", "lo-fi", "cinematic", "reggae", "country"),
    *("funk", "disco", "blues", "soul", "bossa nova", "synthwave", "latin"),
)
SECTIONS = ("intro", "verse", "pre-chorus", "chorus", "post-chorus", "bridge", "inst", "solo", "outro", "interlude")


def test_every_name_has_the_row_that_the_shipped_weights_learned_for_it() -> None:
    """The order of the names belongs to the weights of Khala Mini: with another one the same seed is another song."""
    assert [Outline(9, style=name).condition_ids(0, 1)[0][STYLE] for name in STYLES] == list(range(239, 257))
    parts = [Outline(9, parts=(Part(0, 9, name),)) for name in SECTIONS]
    assert [outline.condition_ids(0, 1)[0][SECTION] for outline in parts] == list(range(177, 187))
    voices = ("none", "female", "male", "voice")
    assert [Outline(9, voice=name).condition_ids(0, 1)[0][VOICE] for name in voices] == list(range(271, 275))
    assert [Outline(9, key=key).condition_ids(0, 1)[0][KEY] for key in range(24)] == list(range(215, 239))


def test_the_rows_of_a_frame() -> None:
    """Beat 6/48; 155 frames left; a verse, its third bar, one more to go; line 1, with much left; 40 frames a bar; A
    minor; folk; a woman."""
    assert OUTLINE.condition_ids(125, 126) == [
        [1 + 6, 113 + 28, 178, 187 + 2, 195 + 1, 199 + 1, 275 + 31, 49 + 19, 236, 243, 272, 0, 461 + 25, 525, 0]
    ]


def test_chords_are_told_where_they_are_played() -> None:
    outline = replace(OUTLINE, chords=((10, 20, 0), (20, 30, 21)))
    assert (
        columns(outline, CHORD)[8:32]
        == [PAD_ID] * 2 + [FIRST_ROWS["chord"]] * 10 + [FIRST_ROWS["chord"] + 21] * 10 + [PAD_ID] * 2
    )
    assert [row[CHORD] for row in outline.condition_ids(19, 21)] == columns(outline, CHORD)[19:21]


def test_how_much_time_is_over_and_how_often_a_part_came_before() -> None:
    form = ("verse", "chorus", "verse", "verse", "bridge")
    outline = Outline(500, parts=tuple(Part(100 * n, 100 * n + 100, name) for n, name in enumerate(form)))
    assert [columns(outline, REPEAT)[100 * n + 50] - FIRST_ROWS["repeat"] for n in range(5)] == [0, 0, 1, 2, 0]
    time = columns(outline, TIME_IN)
    assert time == sorted(time) and time[0] == FIRST_ROWS["time_in"] and len(set(time)) > 40
    long = Outline(2000, parts=tuple(Part(100 * n, 100 * n + 100, "verse") for n in range(20)))
    assert columns(long, REPEAT)[-1] == FIRST_ROWS["singer"] - 1


def test_a_singer_keeps_the_row_that_weights_learned() -> None:
    names = "nora bella sara emma mike finn paul george ada mia ruth eve ben max sam joe"
    assert " ".join(SINGER_NAMES) == names
    assert [columns(replace(OUTLINE, singer=name), SINGER)[0] for name in SINGER_NAMES] == list(range(533, 549))
    assert columns(replace(OUTLINE, singer="anybody"), SINGER)[0] == PAD_ID


def test_guidance_leads_away_from_what_was_asked_for() -> None:
    outline = replace(OUTLINE, singer="nora", chords=((0, 280, 3),))
    assert outline.without_wishes == replace(OUTLINE, key=-1, style="")
