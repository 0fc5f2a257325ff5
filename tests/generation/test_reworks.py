"""Songs that are made of others: what stays, what is made anew, what is refused."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from khala.engine.pytorch.engine import TorchEngine
from khala.generation.kept import KeptSong
from khala.generation.pipeline import Pipeline
from khala.generation.plan_rework import start_frame
from khala.generation.source import read_source, source_of
from khala.generation.splice import REACH_FRAMES, SEAM_SAMPLES, SEARCHED_FRAMES
from khala.generation.take import Take
from khala.music.errors import InvalidRequest
from khala.music.request import Sampling
from khala.music.rework import Rework
from khala.weights import LoadedModel

HOP = 2048
LYRICS = "[verse]\nOver the hills\nFar away\n[chorus]\nWe will go home"
NEW = LYRICS.replace("Far away", "By the sea")


@pytest.fixture(scope="module")
def song(led: Pipeline) -> Take:
    sampling = Sampling(top_k=12, guidance=2.0, superres_sampling="mean")
    return led.generate(tags=("pop", "female vocals"), lyrics=LYRICS, duration=16, seed=11, sampling=sampling)[0]


def spans(take: Take, rate: float) -> list[tuple[int, int]]:
    return [(round(a * rate), round(b * rate)) for a, b in take.metadata["derived"]["spans"]]


def outside(song: Take, its: Sequence[tuple[int, int]]) -> np.ndarray:
    """Which frames lie in none of the spans."""
    stays = np.ones(song.codes.shape[1], bool)
    for begin, end in its:
        stays[begin:end] = False
    return stays


def test_what_a_song_keeps_comes_back(song: Take) -> None:
    assert song.kept is not None
    back = KeptSong.from_text(song.kept.to_text())
    assert np.array_equal(back.codes, song.codes) and np.array_equal(back.phone_index, song.kept.phone_index)
    same = {name: getattr(back, name) for name in ("digest", "ended", "lines", "places", "outline", "starts")}
    assert same == {name: getattr(song.kept, name) for name in same}
    assert back.gain == pytest.approx(song.metadata["gain"], abs=1e-3)
    assert back.lines == ("Over the hills", "Far away", "We will go home")


@pytest.mark.parametrize("wrong", ["", "????", "AAAA", "cut", "frames", "index"])
def test_damaged_songs_are_refused(song: Take, wrong: str) -> None:
    assert song.kept is not None
    text = {"cut": song.kept.to_text()[:-400]}.get(wrong, wrong)
    if wrong == "frames":
        text = replace(song.kept, lines=("one",)).to_text()
    if wrong == "index":
        text = replace(song.kept, phone_index=np.zeros(3, np.int16)).to_text()
    with pytest.raises(InvalidRequest, match="codes are damaged"):
        KeptSong.from_text(text)


def test_a_changed_line_is_sung_anew_and_all_else_stays(led: Pipeline, song: Take) -> None:
    edited = led.edit(song, lyrics=NEW, candidates=2, seed=5)[0]
    its = spans(edited, led.frame_rate)
    assert len(its) == 1 and edited.codes.shape == song.codes.shape
    begin, end = its[0]
    stays = outside(song, its)
    assert np.array_equal(edited.codes[:, stays], song.codes[:, stays])
    assert (edited.codes[:2, begin:end] != song.codes[:2, begin:end]).mean() > 0.3
    before = slice(None, (begin - REACH_FRAMES) * HOP)
    behind = slice((end + REACH_FRAMES + SEARCHED_FRAMES) * HOP + SEAM_SAMPLES, None)
    for part in (before, behind):  # but for what the limiter lets go of
        assert edited.samples[:, part].size and np.allclose(edited.samples[:, part], song.samples[:, part], atol=2e-3)
    assert edited.metadata["derived"]["kind"] == "edit" and edited.metadata["gain"] == song.metadata["gain"]
    assert edited.metadata["derived"]["parent"]["digest"] == song.kept.codes_digest  # type: ignore[union-attr]
    assert [one["kept"] for one in edited.metadata["candidates"]].count(True) == 1
    assert [line["text"] for line in edited.metadata["lyrics"]] == ["Over the hills", "By the sea", "We will go home"]
    old, new = song.metadata["outline"], edited.metadata["outline"]
    assert {**old, "lines": 0} == {**new, "lines": 0}


def test_the_candidate_is_kept_behind_which_the_song_is_likeliest_to_go_on(
    led: Pipeline, song: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int, int]] = []

    def nats(self: Any, prompt: Any, codes: np.ndarray, rows: Any, progress: Any, since: int = 0) -> float:
        asked.append((codes.shape[1], since))
        return [3.0, 1.0, 2.0][len(asked) - 1]

    alone = led.edit(song, lyrics=NEW, candidates=1, seed=5)[0]
    monkeypatch.setattr(type(led.engine), "nats", nats)
    edited = led.edit(song, lyrics=NEW, candidates=3, seed=5)[0]
    assert [one["kept"] for one in edited.metadata["candidates"]] == [False, True, False]
    assert not np.array_equal(edited.codes, alone.codes)
    end = spans(edited, led.frame_rate)[0][1]
    assert asked == [(min(end + 172, song.codes.shape[1]), end)] * 3


def test_a_section_or_a_range_is_sung_anew_with_the_same_words(led: Pipeline, song: Take) -> None:
    sections = {name: (a, b) for name, a, b in song.metadata["outline"]["sections"]}
    a, b = sections["chorus"]
    (one,) = spans(led.edit(song, section="chorus", candidates=1, seed=5)[0], led.frame_rate)
    assert abs(one[0] / led.frame_rate - a) < 0.5 and abs(one[1] / led.frame_rate - b) < 0.5
    (other,) = spans(led.edit(song, start=a + 0.1, stop=b, candidates=1, seed=5)[0], led.frame_rate)
    assert other == one
    silent = led.edit(song, lyrics=LYRICS.replace("Far away\n", ""), candidates=1, seed=5)[0]
    assert len(silent.metadata["lyrics"]) == 2


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, "the lyrics are those of the song"),
        ({"section": "bridge"}, "no section 'bridge'; it has intro, verse, chorus"),
        ({"section": "chorus:2"}, "no section 'chorus:2'"),
        ({"section": "chorus", "lyrics": NEW}, "'By the sea' differs, too"),
        ({"lyrics": NEW.replace("By the sea", "by the sea " * 12)}, "too long for the"),
        ({"start": 90.0}, "nothing of the song lies between"),
        ({"duration": 30.0, "lyrics": NEW}, "leave out the duration"),
    ],
)
def test_what_cannot_be_edited_is_said(led: Pipeline, song: Take, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidRequest, match=message):
        led.edit(song, **changes)


def test_a_song_goes_on_with_other_words(led: Pipeline, song: Take) -> None:
    assert song.kept is not None
    longer = led.extend(song, lyrics="By the sea", duration=26, seed=4)[0]
    start = start_frame(song.kept, Rework("extend"), led.frame_rate)
    assert longer.codes.shape[1] > song.codes.shape[1]
    assert np.array_equal(longer.codes[:, :start], song.codes[:, :start])
    until = (start - REACH_FRAMES) * HOP
    assert np.allclose(longer.samples[:, :until], song.samples[:, :until], atol=2e-3)
    assert longer.metadata["request"]["lyrics"].startswith(LYRICS) and longer.metadata["request"]["duration"] == 26
    assert longer.metadata["request"]["lyrics"].endswith("[verse]\nBy the sea")
    assert np.array_equal(longer.kept.phone_index[:start], song.kept.phone_index[:start])  # type: ignore[union-attr, index]
    assert longer.metadata["derived"] | {"spans": 0, "parent": 0} == {
        "kind": "extend",
        "parent": 0,
        "start": round(start / led.frame_rate, 3),
        "end": None,
        "spans": 0,
    }


def test_it_may_go_on_from_any_bar_and_loses_the_words_behind(led: Pipeline, song: Take) -> None:
    second = song.metadata["outline"]["lines"][1][0]
    plan = led.plan_rework(
        song.kept,  # type: ignore[arg-type]
        Rework("extend", second + 0.3),
        source_of(song).request_for(Rework("extend", second + 0.3), led.config, "By the sea", 20.0, 3),
    )
    assert plan.request.lyrics == "[verse]\nOver the hills\n\n[verse]\nBy the sea"
    kinds = [remark.kind for remark in plan.preview.remarks]
    assert "moved-to-bar" in kinds
    with pytest.raises(InvalidRequest, match="must be greater than that"):
        led.extend(song, start=second, duration=5, lyrics="By the sea")


def test_a_song_is_varied_from_a_point_or_refined_anew(led: Pipeline, song: Take) -> None:
    half = song.metadata["outline"]["sections"][1][1]
    varied = led.vary(song, start=half, seed=99)[0]
    start = spans(varied, led.frame_rate)[0][0]
    assert 0 < start < song.codes.shape[1] and np.array_equal(varied.codes[:, :start], song.codes[:, :start])
    common = slice(start, min(varied.codes.shape[1], song.codes.shape[1]))
    assert (varied.codes[:2, common] != song.codes[:2, common]).mean() > 0.3
    assert varied.metadata["outline"]["sections"] == song.metadata["outline"]["sections"]
    whole = led.vary(song, seed=99)[0]
    assert whole.metadata["outline"]["sections"] == song.metadata["outline"]["sections"]
    assert not np.array_equal(whole.codes[:2, :start], song.codes[:2, :start])
    refined = led.refine_anew(song, seed=99)[0]
    assert np.array_equal(refined.codes[:2], song.codes[:2]) and not np.array_equal(refined.codes, song.codes)
    with pytest.raises(InvalidRequest, match="use edit"):
        led.vary(song, lyrics=NEW)


def test_stages_apart_make_the_same_song(led: Pipeline, song: Take) -> None:
    rework = Rework("edit", candidates=2)
    request = source_of(song).request_for(rework, led.config, lyrics=NEW, seed=5)
    plan = led.plan_rework(song.kept, rework, request)  # type: ignore[arg-type]
    (result,) = led.backbone([plan])
    (codes,) = led.superres([plan], [result])
    whole = led.edit(song, lyrics=NEW, candidates=2, seed=5)[0]
    assert np.array_equal(led.render(plan, codes, result).samples, whole.samples)


def test_it_is_made_as_loud_as_the_song(led: Pipeline, song: Take) -> None:
    assert song.kept is not None
    softer = replace(song, kept=replace(song.kept, gain=song.kept.gain - 3))
    assert led.edit(softer, lyrics=NEW, candidates=1, seed=5)[0].metadata["gain"] == pytest.approx(
        song.metadata["gain"] - 3, abs=1e-3
    )
    assert led.vary(softer, seed=5)[0].metadata["gain"] != softer.kept.gain  # all of it is new


@pytest.mark.parametrize("name", ["song.flac", "song.mp3", "bare.wav"])
def test_a_file_holds_what_another_song_is_made_of(led: Pipeline, song: Take, tmp_path: Path, name: str) -> None:
    path = song.save(tmp_path / name, tags=name != "bare.wav")
    if name != "bare.wav":
        path.with_suffix(".json").unlink()
    source = read_source(path)
    assert np.array_equal(source.kept.codes, song.codes) and source.request.lyrics == LYRICS and source.name == name
    edited = led.edit(path, lyrics=NEW, candidates=1, seed=5)[0]
    assert edited.metadata["derived"]["parent"]["id"] == name


def test_a_file_without_codes_says_so(song: Take, tmp_path: Path) -> None:
    path = replace(song, kept=None).save(tmp_path / "old.flac")
    with pytest.raises(InvalidRequest, match="does not hold its codes"):
        read_source(path)


def test_a_model_without_an_outline_goes_on_too(loaded: LoadedModel) -> None:
    pipe = Pipeline(TorchEngine(loaded))
    song = pipe.generate(tags=("pop",), lyrics=LYRICS, duration=6, seed=2)[0]
    start = song.codes.shape[1]
    longer = pipe.extend(song, lyrics="By the sea", duration=10, seed=3)[0]
    assert np.array_equal(longer.codes[:, :start], song.codes) and longer.codes.shape[1] > start
    edited = pipe.edit(song, start=2, stop=3, candidates=1, seed=4)[0]
    (one,) = spans(edited, pipe.frame_rate)
    assert one[0] <= round(2 * pipe.frame_rate) < one[1] < start
    stays = outside(song, [one])
    assert np.array_equal(edited.codes[:, stays], song.codes[:, stays])
    with pytest.raises(InvalidRequest, match="another kind of model"):
        pipe.edit(replace(song, kept=replace(song.kept, codes=song.codes[:4])), start=2, stop=3)  # type: ignore[type-var]
