"""Songs that were recorded elsewhere, as what others are made of."""

from pathlib import Path

import numpy as np
import pytest

from khala.audio.files import write_audio
from khala.generation.pipeline import Pipeline
from khala.generation.recorded import UNTAGGED, is_recording, recorded_request, recorded_source
from khala.music.errors import InvalidRequest
from khala.music.heard import Heard
from khala.music.rework import Rework

HEARD = Heard(bpm=100.0, beats_per_bar=4, first_downbeat_seconds=0.5, key="F# minor")


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Nine seconds of noise."""
    path = tmp_path / "take five.wav"
    write_audio(path, np.random.default_rng(1).normal(0, 0.1, (2, 9 * 44100)).astype(np.float32), 44100)
    return path


def test_what_is_heard_is_said_where_tags_do_not_say_it(recording: Path) -> None:
    def tags(*given: str, heard: Heard = HEARD) -> tuple[str, ...]:
        return recorded_request(recording, 9.0, given, heard, "").tags

    assert tags("jazz") == ("jazz", "100 bpm", "F# minor")
    assert tags("120 BPM", "key of D major") == ("120 BPM", "key of D major")
    assert tags(heard=Heard()) == (UNTAGGED,)
    assert recorded_request(recording, 9.0, (), HEARD, "la la").instrumental is False


def test_bars_are_counted_from_the_downbeat_nearest_to_where_it_goes_on(led: Pipeline, recording: Path) -> None:
    rate = led.frame_rate
    source = recorded_source(led.engine, recording, HEARD, ("pop",), start=5.0)
    outline = source.kept.outline
    assert outline is not None and (outline.bar, outline.beats, outline.key) == (round(2.4 * rate), 4, 18)
    assert (
        source.kept.codes.shape == (led.config.superres.levels, -(-9 * 44100 // 2048)) and source.name == recording.name
    )
    plan = led.plan_rework(source.kept, Rework("extend", 5.0), source.request_for(Rework("extend", 5.0), led.config))
    assert plan.rework is not None
    assert plan.rework.spans[0][0] == round(5.3 * rate)  # the third downbeat


def test_a_recording_is_extended_and_edited(led: Pipeline, recording: Path) -> None:
    source = recorded_source(led.engine, recording, HEARD, ("pop", "female vocals"))
    longer = led.extend(source, lyrics="[verse]\nOver the hills", duration=14, seed=3)[0]
    start = round(longer.metadata["derived"]["start"] * led.frame_rate)
    assert start > 150 and np.array_equal(longer.codes[:, :start], source.kept.codes[:, :start])
    assert longer.metadata["lyrics"][0]["text"] == "Over the hills" and longer.metadata["lyrics"][0]["start"] > 7
    edited = led.edit(source, start=3, stop=6, candidates=1, seed=3)[0]
    assert edited.codes.shape == source.kept.codes.shape
    assert longer.metadata["derived"]["parent"]["id"] == recording.name


def test_recordings_are_told_from_songs_of_ours(led: Pipeline, recording: Path, tmp_path: Path) -> None:
    song = led.generate(tags="pop", instrumental=True, duration=5, seed=1)[0]
    ours = [song.save(tmp_path / "a.flac"), song.save(tmp_path / "b.wav", tags=False)]
    assert is_recording(recording) and not any(map(is_recording, ours))
    assert not is_recording(tmp_path / "no.wav") and not is_recording(ours[0].with_suffix(".json"))


def test_what_cannot_be_encoded_is_said(led: Pipeline, tmp_path: Path) -> None:
    write_audio(tmp_path / "long.wav", np.zeros((2, 44100 * 61), np.float32), 44100)
    with pytest.raises(InvalidRequest, match="2 channels and 61 s"):
        recorded_source(led.engine, tmp_path / "long.wav", HEARD)
