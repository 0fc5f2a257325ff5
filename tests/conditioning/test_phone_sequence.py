"""The words of a song, phone by phone."""

import math

import pytest

from khala.conditioning.phone_sequence import (
    MAX_FRAMES_LEFT,
    NO_PHONE_CONDITIONS,
    PHONE_CONDITIONS,
    REST,
    UNKNOWN_PHONE,
    PhoneSequence,
    frame_conditions,
    phone_condition_ids,
    phones_of_prompt,
)
from khala.conditioning.rows import CONDITION_ROWS, FIRST_ROWS
from khala.models.lm.config import PAD_ID
from khala.music.phones import LETTERS, PHONES
from khala.music.prompt import PromptStyle, backbone_prompt
from khala.music.request import SongRequest

STYLE = PromptStyle(lyrics="phones")
EARLY_FRAMES, LATE_FRAMES, MIN_FRAMES_PER_PHONE, MAX_HELD_FRAMES = 4, 6, 1.5, 16


def numbers(text: str) -> list[int]:
    return [PHONES.index(phone) if phone != "." else REST for phone in text.split()]


def words(lyrics: str) -> PhoneSequence | None:
    return phones_of_prompt(backbone_prompt(SongRequest(tags=("folk",), lyrics=lyrics), STYLE))


WORDS = PhoneSequence(tuple(numbers(". D AE N S . S IH NG .")), (1, 6))


def test_words_have_the_frames_of_their_phones() -> None:
    places = [0, 1, 1, 2, 3, 4, 5, 5, 6, 7, 7, 8, 9]
    assert WORDS.word_spans(0, ["D@", "NS"], places) == [(1, 4), (4, 6)]
    assert WORDS.word_spans(1, ["S", "", "1Q"], places) == [(8, 9), None, (9, 12)]
    assert WORDS.word_spans(1, ["S", "1", "Q"], places[:10]) == [(8, 9), (9, 10), None], "the song ended"
    assert WORDS.word_spans(0, ["D@", "N"], places) == [None, None], "the line has other phones"


def test_a_phone_in_which_words_meet_is_shared() -> None:
    """This song; a a a."""
    meeting = PhoneSequence(tuple(numbers(". DH IH S AO NG . AX .")), (1, 7))
    places = [0, 1, 2, 3, 3, 3, 3, 4, 5, 6, 7, 7, 7, 7, 8]
    assert meeting.word_spans(0, ["X1S", "SOQ"], places) == [(1, 5), (5, 9)]
    assert meeting.word_spans(1, ["*", "*", "*"], places) == [(10, 12), (12, 13), (13, 14)]


def test_the_words_of_a_prompt() -> None:
    assert words("[verse]\nDance\n\n[chorus]\n(sing)") == WORDS
    doubled = words("big game")
    assert doubled is not None and doubled.phones == tuple(numbers(". B IH G EY M .")), "nobody hears two in one"
    rest = phones_of_prompt(backbone_prompt(SongRequest(tags=("folk",), instrumental=True), STYLE))
    assert rest == PhoneSequence() and rest.condition_ids([0]) == [phone_condition_ids(REST, REST, 0, 0)]
    with pytest.raises(ValueError, match="nothing to sing"):
        words("sing\n你好")


def test_every_condition_has_a_row_of_its_own() -> None:
    every = [
        [phone_condition_ids(phone, REST, 0, 0)[0] for phone in range(REST + 1)],
        [phone_condition_ids(0, phone, 0, 0)[1] for phone in range(REST)],
        [phone_condition_ids(0, 0, left, 0)[2] for left in range(32)],
        [phone_condition_ids(0, 0, 0, frame)[3] for frame in range(MAX_HELD_FRAMES)],
        [phone_condition_ids(0, 0, 0, 0, more)[4] for more in range(MAX_FRAMES_LEFT)],
    ]
    rows = [row for kind in every for row in kind]
    assert len(set(rows)) == len(rows) and min(rows) == FIRST_ROWS["phone"]
    assert phone_condition_ids(0, REST, 99, 99, 99) == (
        phone_condition_ids(0, 0, 0, 0)[0],
        PAD_ID,
        FIRST_ROWS["phone_frame"] - 1,
        FIRST_ROWS["chord"] - 1,
        CONDITION_ROWS - 1,
    )
    assert len(NO_PHONE_CONDITIONS) == PHONE_CONDITIONS and len(LETTERS) == REST


def test_every_phone_has_the_rows_that_the_shipped_weights_learned_for_it() -> None:
    """The order of the phones belongs to the weights of Khala Mini and of the recogniser, their letters to its prompts:
    with others the same words are no words."""
    order = "AA AE AH AX AO AW AY EH ER EY IH IY OW OY UH UW B CH D DH F G HH JH K L M N NG P R S SH T TH V W Y Z ZH"
    letters = "A @ ^ * O 0 I E 3 8 1 ! 9 5 7 U B C D X F G H J K L M N Q P R S $ T + V W Y Z %"
    assert dict(zip(PHONES, LETTERS, strict=True)) == dict(zip(order.split(), letters.split(), strict=True))
    for place, phone in enumerate(order.split()):
        assert phone_condition_ids(PHONES.index(phone), PHONES.index(phone), 0, 0)[:2] == (307 + place, 348 + place)
    assert WORDS.condition_ids([0, 2, 2, 4]) == [
        (347, 366, 392, 420, 557),
        (308, 375, 390, 420, 558),
        (308, 375, 390, 421, 557),
        (338, 0, 388, 420, 0),
    ], "how long the last one lasts is not known"
    assert {row[-1] for row in WORDS.condition_ids([0, 2, 2, 4], timed=False)} == {PAD_ID}


def test_what_is_heard_and_what_is_to_be_sung_are_told_alike() -> None:
    lengths = [3, 1, 4, 1, 2, 5, 1, 2, 2, 3]
    heard = [phone for phone, length in zip(WORDS.phones, lengths, strict=True) for _ in range(length)]
    begins = [3, 16]
    places = [place for place, length in enumerate(lengths) for _ in range(length)]
    assert frame_conditions(heard, begins) == WORDS.condition_ids(places)
    assert frame_conditions(heard[:6], begins)[-1][1] == PAD_ID, "what is not in the part is not told"
    assert frame_conditions([UNKNOWN_PHONE] * 3, []) == [NO_PHONE_CONDITIONS] * 3
    assert frame_conditions(heard[:0], []) == []


def test_a_line_has_its_time() -> None:
    low, high = WORDS.alignment_bounds([(10, 30), (30, 60)], 90)
    assert high[: 10 - EARLY_FRAMES] == [0] * (10 - EARLY_FRAMES) and high[10 - EARLY_FRAMES] == 5
    assert high[30 - EARLY_FRAMES - 1] == 5 and high[30 - EARLY_FRAMES] == 9
    assert low[29] <= 1 and low[30 + LATE_FRAMES] == 5 and low[60 + LATE_FRAMES :] == [9] * (30 - LATE_FRAMES)
    assert (
        low[30 + LATE_FRAMES - math.ceil(5 * MIN_FRAMES_PER_PHONE)]
        == 0
        < low[30 + LATE_FRAMES - int(4 * MIN_FRAMES_PER_PHONE)]
    )


@pytest.mark.parametrize("places", [[(0, 6), (6, 12)], [(0, 9), (9, 40)], [(5, 30), (30, 36)], [(12, 18), (18, 22)]])
def test_bounds_can_be_kept(places: list[tuple[int, int]]) -> None:
    low, high = WORDS.alignment_bounds(places, 50)
    assert all(one <= other for one, other in zip(low, high, strict=True))
    assert low == sorted(low) and high == sorted(high)
    at, visited = 0, {0}
    for frame in range(1, 50):  # as late as is allowed
        at = max(at, low[frame])
        visited.add(at)
    assert at == 9 and {1, 2, 3, 4, 6, 7, 8} <= visited, "no phone is left out"


def test_lines_without_a_place_are_not_sung() -> None:
    low, high = WORDS.alignment_bounds([(10, 30)], 60)
    assert max(high) == max(low) == 5
    assert max(WORDS.alignment_bounds([], 60)[1]) == 0


def test_lines_are_sung_where_their_phones_are() -> None:
    places = [0, 0, 1, 2, 2, 3, 4, 5, 5, 6, 7, 7, 8, 9]
    assert WORDS.line_spans(places) == [(2, 7, 1.0), (9, 13, 1.0)]
    assert WORDS.line_spans([0, 1, 2, 3, 4, 6, 7]) == [(1, 5, 1.0), (5, 7, 2 / 3)], (
        "without a rest between, and cut off"
    )
    assert WORDS.line_spans([0, 1, 4]) == [(1, 3, 0.5), None], "phones are jumped over"
    assert PhoneSequence().line_spans([0] * 9) == [] and PhoneSequence().alignment_bounds([], 9) == (
        [0] * 9,
        [0] * 9,
    ), "of an instrumental"
