from khala.conditioning.request_terms import TEMPO_WORDS
from khala.corpus.composer.compose.prompt import VOCALS
from khala.corpus.composer.compose.styles.base import PROGRAMS
from khala.music.request import SongRequest
from khala.music.suggested_tags import TAG_GROUPS


def test_groups_are_those_that_the_published_client_knows() -> None:
    assert list(TAG_GROUPS) == ["genre_style", "vocal_instrument", "emotion_mood", "production_other"]
    for label, tags in TAG_GROUPS.values():
        assert label and len(tags) > 40


def test_no_tag_is_offered_twice_and_any_can_be_asked_for() -> None:
    tags = [tag for _, group in TAG_GROUPS.values() for tag in group]
    assert len(tags) == len(set(tags))
    assert [SongRequest(tags=(tag,)).tags for tag in tags] == [(tag,) for tag in tags]


def test_what_khala_mini_was_taught_is_offered() -> None:
    tags = {tag for _, group in TAG_GROUPS.values() for tag in group}
    assert set(PROGRAMS) | set(TEMPO_WORDS) | set(VOCALS.values()) <= tags
