"""The backbone's objective: which songs and excerpts, behind which prompts, with which conditions and targets."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from khala.conditioning.outline import NUM_CONDITIONS
from khala.conditioning.phone_sequence import UNKNOWN_PHONE
from khala.conditioning.rows import CONDITION_ROWS
from khala.corpus.data.shards import codebooks
from khala.engine.pytorch.decode import decode_backbone
from khala.models.lm.backbone import Backbone
from khala.models.lm.config import PAD_ID
from khala.models.lm.result import BackboneResult
from khala.models.lm.slot import Slot
from khala.models.presets import tiny
from khala.music.prompt import UNCOND_PROMPT
from khala.training.losses import Losses
from khala.training.objectives import backbone as objectives
from khala.training.objectives.backbone import BackboneObjective, BatchSpec
from khala.training.objectives.causal import causal_loss
from khala.training.recipe import BackboneRecipe
from khala.weights.tokenizer import Tokenizer

CONFIG = tiny()
LAYOUT = CONFIG.backbone.layout
TOLD = {f"{what}_dropout": 0.0 for what in ("prompt", "style_key", "chord", "singer", "timing")}
"""A recipe that tells all conditions."""


@pytest.fixture(scope="module")
def model(tokens: Path) -> Backbone:
    torch.manual_seed(0)
    return Backbone(CONFIG.backbone).bind_codebooks(codebooks(tokens))


def objective(model: Backbone, tokens: Path, **settings: Any) -> BackboneObjective:
    recipe = BackboneRecipe(**{"batch_tokens": 900, "micro_batch_tokens": 450, "excerpt_share": 0.0} | settings)
    return BackboneObjective(model, tokens, Tokenizer.of_bytes(), CONFIG.prompt, recipe)


def test_micro_batches_depend_on_epoch_and_songs_alone(model: Backbone, tokens: Path) -> None:
    first, second = objective(model, tokens), objective(model, tokens)
    assert first.epoch(3) == second.epoch(3) != first.epoch(4)
    spec = first.epoch(3)[0][0]
    a, b = first.micro_batch(spec), second.micro_batch(spec)
    assert torch.equal(a.ids_BT, b.ids_BT) and torch.equal(a.q0, b.q0)
    texts = {tuple(first.micro_batch(replace(spec, epoch=epoch)).ids_BT[0, :20].tolist()) for epoch in range(8)}
    assert len(texts) > 2, "the prompt of a song varies from epoch to epoch"


def test_a_micro_batch_ends_with_its_songs_unless_they_are_cropped(model: Backbone, tokens: Path) -> None:
    whole = objective(model, tokens).micro_batch(BatchSpec(0, None, [0, 1]))
    assert (whole.q0 == LAYOUT.codebook).sum() == 2
    cropped = objective(model, tokens, max_frames=10).micro_batch(BatchSpec(0, None, [0, 1]))
    assert (cropped.q0 < LAYOUT.codebook).all() and cropped.q0.numel() == cropped.q1.numel() == 20


def test_held_out_songs_are_never_trained_on(model: Backbone, tokens: Path) -> None:
    made = objective(model, tokens)
    assert made.corpus.held_out and made.held_out()
    assert not {song.seed for song in made.corpus.held_out} & {song.seed for song in made.corpus.train}
    read, codes = [], made.corpus.codes
    made.corpus.codes = lambda song, *part: read.append(song) or codes(song, *part)
    for spec in (spec for step in made.epoch(0) for spec in step):
        made.micro_batch(spec)
    assert read and set(read) <= set(made.corpus.train)
    read.clear()
    made.held_out()
    assert set(read) == set(made.corpus.held_out)


def test_excerpts_are_the_share_of_steps_that_the_recipe_says(model: Backbone, tokens: Path) -> None:
    made = objective(model, tokens, excerpt_share=0.75, excerpt_frames=6, batch_tokens=200, micro_batch_tokens=200)
    steps = made.epoch(0)
    excerpts = [spec for step in steps for spec in step if spec.excerpts is not None]
    whole = [number for step in steps for spec in step if spec.excerpts is None for number in spec.songs]
    assert set(whole) == set(range(len(made.corpus.train))), "every song is heard whole"
    kinds = [step[0].excerpts is not None for step in steps]
    assert sum(kinds) == pytest.approx(0.75 * len(steps), abs=1)
    assert sum(one != next for one, next in pairwise(kinds)) > len(steps) / 5, "they come mixed"
    assert len({spec.excerpts for spec in excerpts}) > 1
    batch = made.micro_batch(excerpts[0])
    assert batch.q1.numel() == 6 * len(excerpts[0].songs) and (batch.q0 < LAYOUT.codebook).all()
    assert torch.equal(batch.ids_BT, made.micro_batch(excerpts[0]).ids_BT)


def test_auxiliary_targets_and_prompt_dropout_of_a_recipe(model: Backbone, tokens: Path) -> None:
    made = objective(model, tokens, phone_loss_weight=1.0, chord_loss_weight=0.5, prompt_dropout=0.5)
    empty = Tokenizer.of_bytes().encode(UNCOND_PROMPT)
    plans = [spec for step in made.epoch(0) for spec in step]
    batches = [made.micro_batch(spec) for spec in plans]
    assert all([target.name for target in batch.auxiliary] == ["phone", "chord"] for batch in batches)
    assert all(target.targets.numel() == batch.q1.numel() for batch in batches for target in batch.auxiliary)
    bare = [row[: len(empty)].tolist() == empty for batch in batches for row in batch.ids_BT]
    assert 0.2 < sum(bare) / len(bare) < 0.8
    losses = Losses()
    made.loss(batches[0], losses)
    assert losses.counts["phone"] == losses.counts["q0"]
    assert "chord" not in losses.counts, "nobody wrote down the chords of these songs"


def test_auxiliary_losses_count_as_much_as_the_recipe_says(model: Backbone, tokens: Path) -> None:
    made = objective(model, tokens, phone_loss_weight=0.25, chord_loss_weight=3.0)
    made.corpus.train = [replace(song, chords=((0, song.frames, 5),)) for song in made.corpus.train]
    losses = Losses()
    total = made.loss(made.micro_batch(BatchSpec(0, None, [0, 1])), losses)
    weights = {"q0": 1.0, "q1": 1.0, "end": 1.0, "phone": 0.25, "chord": 3.0}
    assert losses.sums.keys() == weights.keys()
    expected = sum(weight * losses.sums[name] for name, weight in weights.items())
    assert total.item() == pytest.approx(expected, rel=1e-5)


def test_conditions_and_targets_of_an_excerpt_are_of_its_frames(model: Backbone, tokens: Path) -> None:
    conditioned = Backbone(replace(CONFIG.backbone, condition_rows=CONDITION_ROWS)).bind_codebooks(codebooks(tokens))
    made, unconditioned = (
        objective(
            one,
            tokens,
            phone_loss_weight=1.0,
            chord_loss_weight=1.0,
            excerpt_frames=8,
            **TOLD,
        )
        for one in (conditioned, model)
    )
    made.corpus.train = [
        replace(song, bar=48, chords=tuple((frame, frame + 1, frame % 24) for frame in range(song.frames)))
        for song in made.corpus.train
        if not song.voice  # an excerpt of an instrumental begins anywhere
    ]
    unconditioned.corpus.train = made.corpus.train
    begins = []
    for number, song in enumerate(made.corpus.train):
        batch = made.micro_batch(BatchSpec(0, 0, [number]))
        phones, chords = (target.targets.numpy() for target in batch.auxiliary)
        rows = torch.tensor(made.corpus.condition_ids(song, song.outline, 0, song.frames))[
            :, : NUM_CONDITIONS + 1
        ]  # and what is sung
        shown = batch.condition_ids_BTC[0, batch.q1_at, : NUM_CONDITIONS + 1]
        (begin,) = (at for at in range(song.frames - 7) if torch.equal(rows[at : at + 8], shown))
        begins.append(begin)
        assert chords.tolist() == [UNKNOWN_PHONE] * 8, "what the conditions say need not be guessed"
        ahead = made.corpus.phones(song, begin + 1, 8).tolist()
        assert phones.tolist() == [*ahead, UNKNOWN_PHONE][:8]
        told, chords = (
            target.targets.tolist() for target in unconditioned.micro_batch(BatchSpec(0, 0, [number])).auxiliary
        )
        assert told == made.corpus.phones(song, begin, 8).tolist(), "not shown the frame at hand, it is asked for it"
        assert chords == song.chord_frames(begin, 8).tolist()
        assert np.array_equal(np.stack([batch.q0[:8], batch.q1]), made.corpus.codes(song, 2, begin, 8))
    assert len(set(begins)) > 5


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("excerpt_share", -0.1),
        ("prompt_dropout", 1.0),
        ("phone_loss_weight", -1.0),
        ("excerpt_share", 1.0),
        ("excerpt_frames", 0),
    ],
)
def test_impossible_excerpts_are_refused(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=name):
        BackboneRecipe(**{name: value})


def test_excerpts_get_longer_by_turns(model: Backbone, tokens: Path) -> None:
    made = objective(
        model, tokens, excerpt_share=0.9, excerpt_frames=6, excerpt_lengths=3, batch_tokens=200, micro_batch_tokens=200
    )
    plans = [spec for step in made.epoch(0) for spec in step if spec.excerpts is not None]
    frames = {spec.excerpts: made.micro_batch(spec).q1.numel() / len(spec.songs) for spec in plans}
    assert {frames[0], frames[1], frames[2], frames[3]} == {6, 12, 24}


def test_corrupt_codes_are_read_and_never_predicted(model: Backbone, tokens: Path) -> None:
    clear, noisy = (
        objective(model, tokens, prompt_dropout=0.0),
        objective(model, tokens, prompt_dropout=0.0, code_corruption=0.3),
    )
    spec = BatchSpec(0, None, [0, 1])
    a, b, again = clear.micro_batch(spec), noisy.micro_batch(spec), noisy.micro_batch(spec)
    assert torch.equal(a.q0, b.q0) and torch.equal(a.q1, b.q1) and torch.equal(b.ids_BT, again.ids_BT)
    changed = (a.ids_BT != b.ids_BT).sum() / a.predictions
    assert 0.1 < changed < 0.3, "some are replaced by their like"
    assert torch.equal(clear.held_out()[0].ids_BT, noisy.held_out()[0].ids_BT)


def test_songs_have_the_conditions_of_their_outline_but_behind_an_empty_prompt(tokens: Path) -> None:
    conditioned = Backbone(replace(CONFIG.backbone, condition_rows=CONDITION_ROWS)).bind_codebooks(codebooks(tokens))
    assert objective(Backbone(CONFIG.backbone), tokens).micro_batch(BatchSpec(0, None, [0])).condition_ids_BTC is None
    spec = BatchSpec(0, None, [0])
    whole = objective(conditioned, tokens, **TOLD).micro_batch(spec)
    song = objective(conditioned, tokens).corpus.train[0]
    assert whole.condition_ids_BTC is not None
    text = whole.ids_BT.shape[1] - 2 * song.frames
    rows = objective(conditioned, tokens).corpus.condition_ids(song, song.outline, 0, song.frames)
    assert [row[:NUM_CONDITIONS] for row in rows] == song.outline.condition_ids(0, song.frames + 1)
    assert torch.equal(whole.condition_ids_BTC[0, text - 1 :], torch.tensor(rows).repeat_interleave(2, 0)[:-1])
    uncond = objective(conditioned, tokens, prompt_dropout=0.999).micro_batch(spec)
    bare = torch.tensor(song.outline.without_wishes.condition_ids(0, song.frames + 1)).repeat_interleave(2, 0)[:-1]
    assert uncond.condition_ids_BTC is not None
    assert torch.equal(uncond.condition_ids_BTC[0, 1:, :NUM_CONDITIONS], bare)
    assert (uncond.condition_ids_BTC[0, :, NUM_CONDITIONS:] == PAD_ID).all(), "nor what is sung"


def test_style_or_key_is_left_out_of_a_share_of_the_songs(tokens: Path) -> None:
    conditioned = Backbone(replace(CONFIG.backbone, condition_rows=CONDITION_ROWS)).bind_codebooks(codebooks(tokens))
    made = objective(conditioned, tokens, style_key_dropout=0.4, prompt_dropout=0.0, max_frames=4)
    song = replace(made.corpus.train[0], key=7)
    made.corpus.train = [song]
    known = {"all": song.outline, "no style": replace(song.outline, style=""), "no key": replace(song.outline, key=-1)}
    names = {tuple(outline.condition_ids(0, 1)[0]): name for name, outline in known.items()}
    assert len(names) == 3
    found = Counter()
    for epoch in range(400):
        batch = made.micro_batch(BatchSpec(epoch, None, [0]))
        found[names[tuple(batch.condition_ids_BTC[0, int(batch.q0_at[0]), :NUM_CONDITIONS].tolist())]] += 1
    assert found["all"] / 400 == pytest.approx(0.6, abs=0.06)
    assert found["no style"] / 400 == pytest.approx(0.2, abs=0.06)


def test_how_long_phones_last_is_left_out_of_a_share_of_the_songs(tokens: Path) -> None:
    conditioned = Backbone(replace(CONFIG.backbone, condition_rows=CONDITION_ROWS)).bind_codebooks(codebooks(tokens))
    made = objective(conditioned, tokens, **TOLD | {"timing_dropout": 0.4})
    made.corpus.phones = lambda song, start, frames: np.arange(start, start + frames, dtype=np.uint8) // 8
    batches = [made.micro_batch(BatchSpec(epoch, None, [0])).condition_ids_BTC for epoch in range(100)]
    untimed = [bool((rows_BTC[..., -1] == PAD_ID).all()) for rows_BTC in batches]
    assert sum(untimed) / 100 == pytest.approx(0.4, abs=0.12)
    known = batches[untimed.index(False)]
    assert torch.equal(batches[untimed.index(True)][0, 1:, NUM_CONDITIONS:-1], known[0, 1:, NUM_CONDITIONS:-1])


def test_a_song_longer_than_a_window_is_heard_in_as_many_as_it_has(tokens: Path) -> None:
    conditioned = Backbone(replace(CONFIG.backbone, condition_rows=CONDITION_ROWS)).bind_codebooks(codebooks(tokens))
    made = objective(conditioned, tokens, **TOLD | {"max_frames": 20})
    made.corpus.train = [song for song in made.corpus.train if not song.voice][:1]
    (song,) = made.corpus.train
    assert len(made.plays) == -(-song.frames // 20) > 1
    rows = torch.tensor(made.corpus.condition_ids(song, song.outline, 0, song.frames))
    begins, ended = set(), 0
    for epoch in range(30):
        batch = made.micro_batch(BatchSpec(epoch, None, [epoch % len(made.plays)]))
        assert batch.condition_ids_BTC is not None and batch.q1.numel() <= 20
        shown = batch.condition_ids_BTC[0, batch.q1_at][:, [1, 12]]  # the time that is left, and that is over
        (begin,) = (at for at in range(song.frames) if torch.equal(rows[at : at + len(shown)][:, [1, 12]], shown))
        begins.add(begin)
        at_end = begin + batch.q1.numel() == song.frames
        ended += at_end
        assert (batch.q0 == LAYOUT.codebook).sum() == at_end, "the last one ends"
    assert 0 in begins and len(begins) > 3 and ended


def test_a_model_with_conditions_predicts_phones_a_frame_ahead(tokens: Path) -> None:
    conditioned = Backbone(replace(CONFIG.backbone, condition_rows=CONDITION_ROWS)).bind_codebooks(codebooks(tokens))
    made = objective(conditioned, tokens, phone_loss_weight=0.5, prompt_dropout=0.0)
    batch = made.micro_batch(BatchSpec(0, None, [0]))
    song = made.corpus.train[0]
    (target,) = batch.auxiliary
    assert target.early and target.targets.tolist() == [
        *made.corpus.phones(song, 1, song.frames).tolist(),
        UNKNOWN_PHONE,
    ]
    known = replace(batch, auxiliary=(replace(target, targets=torch.full_like(target.targets, 2)),))
    losses = Losses()
    causal_loss(conditioned, known, LAYOUT, losses)
    x = conditioned.embed_tokens(batch.ids_BT) + conditioned.embed_conditions(batch.condition_ids_BTC)
    logits = conditioned.logits(conditioned(x, causal=True))[0, batch.q1_at][:, target.rows]
    assert losses.sums["phone"] == pytest.approx(-F.log_softmax(logits, -1)[:, 2].sum().item(), rel=1e-4)
    uncond = objective(conditioned, tokens, phone_loss_weight=0.5, prompt_dropout=0.999).micro_batch(
        BatchSpec(0, None, [0])
    )
    assert (uncond.auxiliary[0].targets == UNKNOWN_PHONE).all()


def test_a_sample_goes_on_from_its_prompt_however_batches_are_padded(
    model: Backbone, tokens: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[list[list[int]]] = []

    def decoded(model: Backbone, slots: list[Slot]) -> list[BackboneResult]:
        read[-1] += [list(slot.prompt_ids) for slot in slots]
        return decode_backbone(model, [replace(slot, max_frames=1) for slot in slots])

    monkeypatch.setattr(objectives, "decode_backbone", decoded)
    monkeypatch.setattr(objectives, "write_song", lambda *_: None)
    for multiple in (1, 64):
        read.append([])
        objective(model, tokens, length_multiple=multiple).sample(model.state_dict(), tmp_path)
    assert read[0] == read[1] and len(read[0]) == 2
