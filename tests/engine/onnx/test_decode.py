import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
import torch

from khala.conditioning.aligner import PhoneAligner
from khala.conditioning.outline import Outline, Part, prompt_rows
from khala.conditioning.phone_sequence import REST, PhoneSequence
from khala.engine.onnx import decode
from khala.engine.onnx.backbone import BackboneSession
from khala.engine.onnx.decode import decode_takes
from khala.engine.onnx.graphs import write_graphs
from khala.engine.pytorch import decode as torch_decode
from khala.engine.pytorch.decode import decode_backbone
from khala.generation.plan import guide_for, plan_take
from khala.models.lm.backbone import Backbone, interleave
from khala.models.lm.conditions import condition_stream
from khala.models.lm.config import PAD_ID
from khala.models.lm.result import BackboneResult
from khala.models.lm.slot import LaterWindow, Slot
from khala.music.request import Sampling, SongRequest
from khala.weights import load_model
from khala.weights.names import read_config
from khala.weights.tokenizer import Tokenizer

Pair = tuple[Backbone, BackboneSession]
PROMPTS = [[256, 65, 66, 67, 266], [256, 10, 11, 12, 13, 14, 15, 16, 266], [256, 65, 66, 67, 266]]
WORDS = PhoneSequence((REST, 4, 17, 8, REST, 30, 2, REST), (1, 5))
FRAMES = 40
BOUNDS = WORDS.alignment_bounds(((0, 10), (10, 20)), FRAMES + 1)


def slot(number: int, sampling: Sampling, **changes: object) -> Slot:
    """A slot with an outline, its unconditional side without the style."""
    outline = Outline(30, 8, 4, (Part(0, 30, "verse"),), ((0, 15), (15, 30)), style="folk", voice="male")
    marks = prompt_rows([None if i > 255 else n % 2 for n, i in enumerate(PROMPTS[number])])
    rows, bare = (one.condition_ids(0, FRAMES + 1) for one in (outline, replace(outline, style="")))
    conditions = condition_stream(marks, rows), condition_stream([PAD_ID] * 2, bare)
    one = Slot(PROMPTS[number], number, FRAMES, sampling, 0, [256, 266], *conditions)
    return replace(one, **changes)


def guide(known: list[bool]) -> PhoneAligner:
    return PhoneAligner([WORDS if its else None for its in known], [BOUNDS if its else ((), ()) for its in known])


def assert_same(found: list[BackboneResult], expected: list[BackboneResult]) -> None:
    for one, other in zip(found, expected, strict=True):
        assert np.array_equal(one.codes, other.codes) and one.codes.dtype == np.int16
        assert one.ended == other.ended
        assert (one.phone_index is None) == (other.phone_index is None)
        assert one.phone_index is None or np.array_equal(one.phone_index, other.phone_index)


MIXED = [
    slot(0, Sampling(top_k=12, guidance=2.0), target_frames=30),
    slot(1, Sampling(top_k=1, temperature=0.7)),
    slot(2, Sampling(top_k=17, temperature=1.2, guidance=1.5), seed=2**63 + 5),
]


def test_takes_are_those_of_torch(conditioned: Pair) -> None:
    """Guided, greedy, led to an end and through phones, in one batch."""
    model, session = conditioned
    known = [True, False, True]
    expected = decode_backbone(model, MIXED, guide(known))
    assert_same(decode_takes(session, MIXED, guide(known)), expected)
    assert len({result.codes.shape[1] for result in expected}) > 1 and any(result.ended for result in expected)


def test_a_song_does_not_end_before_its_words(conditioned: Pair) -> None:
    """It is to end after 10 frames, and is pulled to its end ever more; its words end in frame 25."""
    _, session = conditioned
    bounds = [0] * 25 + [7] * (FRAMES - 24), [0] * 25 + [7] * (FRAMES - 24)
    slots = [slot(0, Sampling(), target_frames=10)] * 2
    results = decode_takes(session, slots, PhoneAligner([None, WORDS], [((), ()), bounds]))
    assert results[0].codes.shape[1] < 15 and results[1].codes.shape[1] == 25


def test_a_model_without_conditions(make: Callable[..., Pair]) -> None:
    model, session = make(qk_norm=False, tied=True)
    plain = [replace(one, condition_ids=None, uncond_condition_ids=None) for one in MIXED]
    assert_same(decode_takes(session, plain), decode_backbone(model, plain))


def test_a_take_is_the_same_alone_in_company_and_on_any_threads(conditioned: Pair) -> None:
    _, session = conditioned
    together = decode_takes(session, MIXED, guide([True] * 3))
    assert_same(decode_takes(session, MIXED, guide([True] * 3), threads=3), together)
    for one, result in zip(MIXED, together, strict=True):
        assert_same(decode_takes(session, [one], guide([True])), [result])


def test_a_prompt_is_read_once(conditioned: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    _, session = conditioned
    read: list[int] = []
    real = session.read
    monkeypatch.setattr(session, "read", lambda x_ND: read.append(len(x_ND)) or real(x_ND))
    conditions = MIXED[2].condition_ids
    assert conditions is not None
    decode_takes(session, [*MIXED, replace(MIXED[0], seed=9), replace(MIXED[2], condition_ids=conditions + 1)])
    assert sorted(read) == [2, 5, 5, 9], "prompts that differ in their conditions alone are read apart"


def test_a_take_that_is_not_wanted_any_more_goes_no_further(conditioned: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    _, session = conditioned
    monkeypatch.setattr(decode, "ROUND_FRAMES", 3)
    endless = [replace(one, target_frames=FRAMES) for one in MIXED[:2]]
    whole = decode_takes(session, endless)
    first, second = decode_takes(session, endless, wanted=lambda take: take == 0)
    assert_same([first], whole[:1])
    assert np.array_equal(second.codes, whole[1].codes[:, :3]) and not second.ended


def test_a_take_that_was_interrupted_goes_on_as_it_would_have(conditioned: Pair) -> None:
    model, session = conditioned
    whole = decode_takes(session, MIXED, guide([True] * 3))
    cut = [replace(one, known=result.codes[:, :7]) for one, result in zip(MIXED, whole, strict=True)]
    assert_same(decode_takes(session, cut, guide([True] * 3)), whole)
    assert_same(decode_backbone(model, cut, guide([True] * 3)), whole)
    other = replace(MIXED[0], known=(whole[0].codes[:, :7] + 1) % 16)
    for results in (decode_takes(session, [other]), decode_backbone(model, [other])):
        assert np.array_equal(results[0].codes[:, :7], other.known)
        assert not np.array_equal(results[0].codes[:, 7:10], whole[0].codes[:, 7:10])


def test_gaps_in_what_is_known_are_drawn_and_no_song_ends_among_them(conditioned: Pair) -> None:
    model, session = conditioned
    eager = replace(MIXED[0], max_frames=24, target_frames=2)  # would end at once
    whole = decode_takes(session, [replace(eager, target_frames=0, known=np.full((2, 24), -1))])[0]
    assert whole.codes.shape[1] == 24
    known = whole.codes.copy()
    known[:, 9:15] = -1
    other = replace(eager, seed=99, known=known)
    found = [decode_takes(session, [other])[0], decode_backbone(model, [other])[0]]
    for result in found:
        assert np.array_equal(np.delete(result.codes, range(9, 15), 1), np.delete(whole.codes, range(9, 15), 1))
        assert not np.array_equal(result.codes[:, 9:15], whole.codes[:, 9:15])
    assert_same(found[:1], found[1:])


def windowed(one: Slot, *edges: tuple[int, int]) -> Slot:
    """A slot that goes on in windows, (first, start) of each, behind other prompts and with other conditions."""
    later = []
    for number, (first, start) in enumerate(edges, 1):
        its = slot(number % 2, one.sampling)
        assert its.condition_ids is not None and its.uncond_condition_ids is not None
        later.append(LaterWindow(first, start, its.prompt_ids, its.condition_ids, its.uncond_condition_ids + number))
    return replace(one, later=tuple(later), target_frames=FRAMES)


LONG = [
    windowed(MIXED[0], (6, 14), (15, 24)),
    windowed(MIXED[1], (0, 9), (9, 17), (20, 30)),
    replace(MIXED[2], target_frames=FRAMES),
    windowed(slot(1, Sampling(top_k=12, guidance=3.0)), (6, 14)),
]


def test_takes_in_windows_are_those_of_torch(conditioned: Pair) -> None:
    """Through phones and without, some windows begin together, and one take needs none."""
    model, session = conditioned
    known = [True, False, True, True]
    expected = decode_backbone(model, LONG, guide(known))
    assert_same(decode_takes(session, LONG, guide(known)), expected)
    assert_same(decode_takes(session, LONG, guide(known), threads=3), expected)
    plain = decode_backbone(model, [replace(one, later=()) for one in LONG], guide(known))
    starts = [one.later[0].start if one.later else FRAMES for one in LONG]
    for one, other, start in zip(expected, plain, starts, strict=True):
        assert np.array_equal(one.codes[:, :start], other.codes[:, :start])
        assert np.array_equal(one.codes, other.codes) == (start == FRAMES)


def test_a_take_in_windows_is_the_same_alone_on_cuda_and_resumed(conditioned: Pair) -> None:
    model, session = conditioned
    together = decode_takes(session, LONG, guide([True] * 4))
    for one, result in zip(LONG, together, strict=True):
        assert_same(decode_takes(session, [one], guide([True])), [result])
        assert_same(decode_backbone(model, [one], guide([True])), [result])
    cut = [replace(one, known=result.codes[:, :20]) for one, result in zip(LONG, together, strict=True)]
    assert_same(decode_takes(session, cut, guide([True] * 4)), together)
    most = [2 * FRAMES + 1] * 4
    static = torch_decode.decode_tokens(model, LONG, most, guide=guide([True] * 4), static=True)
    assert static == torch_decode.decode_tokens(model, LONG, most, guide=guide([True] * 4))


@torch.no_grad()
def test_a_window_knows_its_prompt_its_conditions_and_its_frames(conditioned: Pair) -> None:
    """Every code is the likeliest of a pass over its window alone."""
    model, session = conditioned
    (one,) = [windowed(slot(0, Sampling(top_k=1, guidance=1.5)), (6, 14), (15, 24))]
    (result,) = decode_takes(session, [one], guide([True]))
    codes, layout = torch.from_numpy(result.codes.astype(np.int64))[None], model.config.layout
    assert result.phone_index is not None and codes.shape[2] > 30
    begin = LaterWindow(0, 0, one.prompt_ids, one.condition_ids, one.uncond_condition_ids)
    stops = [window.start for window in one.later] + [codes.shape[2]]
    for window, stop in zip([begin, *one.later], stops, strict=True):
        sung = WORDS.condition_ids(result.phone_index[window.first : stop], timed=False)
        logits = []
        for ids, stream, phones in (
            (one.uncond_ids, window.uncond_condition_ids, None),
            (window.prompt_ids, window.condition_ids, np.repeat(sung, 2, axis=0)),
        ):
            assert stream is not None
            tokens = interleave(codes[:, :, window.first : stop], layout)
            x = model.embed_tokens(torch.cat([torch.tensor([list(ids)]), tokens], 1)[:, :-1])
            x = x + model.embed_conditions(torch.from_numpy(stream))[: x.shape[1]]
            if phones is not None:
                x[0, len(ids) - 1 :] += model.embed_conditions(torch.from_numpy(phones))
            logits.append(model.logits(model(x, causal=True))[0, len(ids) - 1 + 2 * (window.start - window.first) :])
        guided = logits[0] + 1.5 * (logits[1] - logits[0])
        for at, token in enumerate(interleave(codes[:, :, window.start : stop], layout)[0].tolist()):
            level = layout.level_rows(at % 2)
            assert guided[at, level.start : level.stop].argmax() + level.start == token


def test_windows_take_no_more_context_than_each_of_them(conditioned: Pair) -> None:
    """A song of 3000 tokens in a model of 2048 positions."""
    one = replace(LONG[0], max_frames=1500)
    with pytest.raises(ValueError, match="need 2976 positions; the model has 2048"):
        decode_takes(conditioned[1], [one])
    assert windowed(slot(0, Sampling()), (6, 14), (15, 24)).positions(2 * FRAMES + 1) == 5 + 81 - 30


def test_what_is_written_so_far_is_the_beginning(conditioned: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    model, session = conditioned
    monkeypatch.setattr(decode, "ROUND_FRAMES", 5)
    monkeypatch.setattr(torch_decode, "FRAMES_BETWEEN_LOOKS", 5)
    for decoded in (partial(decode_takes, session), partial(decode_backbone, model)):
        seen: list[tuple[int, BackboneResult]] = []
        results = decoded(MIXED, guide([True] * 3), written=lambda *news, seen=seen: seen.append(news))
        assert {take for take, _ in seen} == {0, 1, 2}
        for take, so_far in seen:
            frames = so_far.codes.shape[1]
            assert np.array_equal(so_far.codes, results[take].codes[:, :frames])
            assert np.array_equal(so_far.phone_index, results[take].phone_index[:frames])
        assert [so_far.codes.shape[1] for take, so_far in seen if take == 0][:3] == [5, 10, 15]


def test_progress_counts_frames_of_the_longest(conditioned: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    _, session = conditioned
    monkeypatch.setattr("khala.music.progress.REPORT_SECONDS", 0.0)
    reports: list[tuple[str, int, int]] = []
    slots = [replace(one, target_frames=FRAMES) for one in MIXED[:2]]
    decode_takes(session, slots, progress=lambda *report: reports.append(report))
    assert reports[0] == ("backbone", 16, FRAMES) and reports[-1] == ("backbone", FRAMES, FRAMES)


def test_more_than_the_context_is_refused(conditioned: Pair) -> None:
    with pytest.raises(ValueError, match="need 2050 positions; the model has 2048"):
        decode_takes(conditioned[1], [replace(MIXED[0], max_frames=1022)])


def test_a_guide_that_wants_other_logits_is_refused(conditioned: Pair) -> None:
    other = guide([True])
    other.head_rows = [1, 2, 3]
    with pytest.raises(ValueError, match="wants logits"):
        decode_takes(conditioned[1], MIXED[:1], other)


@pytest.fixture(scope="module")
def mini(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "mini"
    shutil.copytree(str(files("khala") / "data" / "mini"), folder)
    write_graphs(folder)
    return folder


@pytest.mark.parametrize("top_k", [1, 50])
def test_mini_sings_the_same(mini: Path, top_k: int) -> None:
    """200 frames, greedy and sampled, guided through words."""
    config, loaded = read_config(mini), load_model("mini")
    sampling = replace(config.sampling, top_k=top_k)
    lyrics = "[verse]\nThe morning light is on the water\nand I am walking down the hill\n"
    request = SongRequest(tags=("folk", "female vocals"), lyrics=lyrics, duration=10, seed=7, sampling=sampling)
    plans = [plan_take(request, 1, config, Tokenizer.load(mini / "tokenizer.json"))]
    slots = [replace(plans[0].slot(), max_frames=200)]
    found = decode_takes(BackboneSession(mini, config.backbone), slots, guide_for(plans))
    assert_same(found, decode_backbone(loaded.backbone, slots, guide_for(plans)))
    assert found[0].codes.shape[1] > 150 and found[0].phone_index is not None and found[0].phone_index.max() > 20


def test_it_needs_no_torch(mini: Path) -> None:
    code = f"""
import sys
from pathlib import Path
from khala.engine.onnx.backbone import BackboneSession
from khala.engine.onnx.decode import decode_takes
from khala.models.lm.slot import LaterWindow, Slot
from khala.music.request import Sampling
from khala.weights.names import read_config

folder = Path({str(mini)!r})
session = BackboneSession(folder, read_config(folder).backbone)
(result,) = decode_takes(session, [Slot([256, 266], 1, 4, Sampling(), 4)])
assert result.codes.shape == (2, 4)
sys.exit(any(name in sys.modules for name in ("torch", "onnx", "scipy")))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
