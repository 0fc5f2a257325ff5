import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from khala.audio.files import ENCODINGS, write_audio
from khala.audio.tags.tag_set import Tags
from khala.generation.remake import Remake, read_record
from khala.generation.take import Take
from khala.music.errors import InvalidRequest
from khala.music.loras import Lora
from khala.music.request import Sampling, SongRequest

REQUEST = SongRequest(
    tags=("folk",), lyrics="[verse]\nля 雨", takes=3, best_of=2, seed=3, sampling=Sampling(guidance=2.5), title="Ü"
)
RECORD: dict[str, Any] = {
    "request": REQUEST.to_dict(),
    "take": 2,
    "seed": 12345,
    "model": {"name": "mini", "digest": "ab" * 32, "license": "Apache-2.0"},
    "versions": {"khala": "1.2"},
    "engine": "onnx",
    "device": "cuda:1",
    "dtype": "backbone=float32,superres=bfloat16",
}
SAMPLES = np.zeros((2, 9000), np.float32)


@pytest.fixture
def take() -> Take:
    return Take(SAMPLES, 44100, np.zeros((64, 4), np.int16), RECORD)


@pytest.mark.parametrize("format", ENCODINGS)
def test_a_song_alone_says_how_to_make_it_again(format: str, take: Take, tmp_path: Path) -> None:
    song = take.save(tmp_path / f"a.{format}")
    (tmp_path / "a.json").unlink()
    made = Remake.from_record(read_record(song))
    again = SongRequest.from_dict({**REQUEST.to_dict(), "takes": 1, "seed": 12345})
    assert made == Remake(again, "mini", "ab" * 32, "onnx", "cuda", "backbone=float32,superres=bfloat16")


def test_a_song_without_tags_has_its_record_beside_it(take: Take, tmp_path: Path) -> None:
    song = take.save(tmp_path / "a.mp3", tags=False)
    assert not song.read_bytes().startswith(b"ID3")
    assert read_record(song) == read_record(tmp_path / "a.json") == {"file": "a.mp3", **RECORD}
    (tmp_path / "a.json").unlink()
    with pytest.raises(InvalidRequest, match=r"a\.mp3 does not say how it was made: it has no tags of Khala's"):
        read_record(song)


def test_damaged_tags_are_no_reason_to_overlook_the_record(take: Take, tmp_path: Path) -> None:
    song = take.save(tmp_path / "a.flac")
    song.write_bytes(song.read_bytes()[:200])
    assert read_record(song)["seed"] == 12345
    (tmp_path / "a.json").unlink()
    with pytest.raises(InvalidRequest, match=r"cannot read .*a\.flac: its tags are damaged"):
        read_record(song)


@pytest.mark.parametrize("text", ["{", "[]", '{"seed": 1}', "[" * 100_000, json.dumps(RECORD) + " " * 4_000_000])
def test_what_is_no_record_is_refused(text: str, tmp_path: Path) -> None:
    song = write_audio(tmp_path / "a.flac", SAMPLES, 44100, Tags({"KHALA_RECORD": text}))
    (tmp_path / "b.json").write_text(text)
    for path in (song, tmp_path / "b.json"):
        with pytest.raises(InvalidRequest, match=r"the record in .* is damaged or not one of Khala's"):
            read_record(path)


def test_missing_files(tmp_path: Path) -> None:
    for name in ("a.wav", "a.json"):
        with pytest.raises(InvalidRequest, match=r"cannot read .*No such file"):
            read_record(tmp_path / name)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from([*RECORD, "lost"]), JSON)
def test_any_value_makes_a_song_or_an_error(name: str, value: Any) -> None:
    record = {**RECORD, name: value}
    try:
        made = Remake.from_record(record)
    except InvalidRequest:
        return
    assert made.request.takes == 1 and made.request.seed is not None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seed": None}, "no seed"),
        ({"seed": -1}, "seed is -1"),
        ({"model": "mini"}, "with what model"),
        ({"request": {**RECORD["request"], "new": 1}}, "no field 'new'"),
    ],
)
def test_errors_say_what_is_wrong(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidRequest, match=message):
        Remake.from_record({**RECORD, **changes})


def test_adapters_of_a_record_are_installed_ones() -> None:
    told = [{"name": "folk", "weight": 0.8, "digest": "ab" * 32}]
    assert Remake.from_record({**RECORD, "loras": told}).loras == (Lora("folk", 0.8),)
    for odd in ([{"name": "../folk", "weight": 1}], [{"name": "folk", "weight": 9}], [{}], "folk"):
        with pytest.raises(InvalidRequest):
            Remake.from_record({**RECORD, "loras": odd})
