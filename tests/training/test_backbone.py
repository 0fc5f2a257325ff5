"""The backbone's objective against the plain one: every position, its legal rows, nothing of the padding."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from khala.conditioning.outline import NUM_CONDITIONS
from khala.conditioning.phone_sequence import CONDITION_ROWS, PHONE_CONDITIONS, UNKNOWN_PHONE
from khala.corpus.data.shards import codebooks
from khala.models.lm.backbone import Backbone
from khala.models.lm.config import PAD_ID
from khala.models.presets import tiny
from khala.music.prompt import UNCOND_PROMPT
from khala.training.backbone import Aside, BackboneObjective, Plan, causal_loss, causal_piece, misheard
from khala.training.loop import Losses
from khala.training.recipe import BackboneRecipe
from khala.weights.tokenizer import Tokenizer

CONFIG = tiny()
LAYOUT = CONFIG.backbone.layout


@pytest.fixture(scope="module")
def model(tokens: Path) -> Backbone:
    torch.manual_seed(0)
    return Backbone(CONFIG.backbone).bind_codebooks(codebooks(tokens))


def objective(model: Backbone, tokens: Path, **settings: Any) -> BackboneObjective:
    recipe = BackboneRecipe(**{"batch_tokens": 900, "piece_tokens": 450, "excerpts": 0.0} | settings)
    return BackboneObjective(model, tokens, Tokenizer.of_bytes(), CONFIG.prompt, recipe)


def test_the_loss_is_that_of_a_plain_walk_over_the_stream(model: Backbone) -> None:
    texts = [[5, 6, 7], [9, 8, 7, 6, 5]]
    codes = [np.array([[1, 2], [3, 4]], dtype=np.int16), np.array([[5, 6, 7], [8, 9, 10]], dtype=np.int16)]
    losses = Losses({}, {})
    piece = causal_piece(texts, codes, [True, False], LAYOUT)
    total = causal_loss(model, piece, LAYOUT, losses)

    expected = {"q0": [], "q1": [], "end": []}
    for text, song, ended in zip(texts, codes, (True, False), strict=True):
        audio = [LAYOUT.audio_id(level, int(song[level, t])) for t in range(song.shape[1]) for level in (0, 1)]
        stream = [*text, *audio, *([LAYOUT.eos] if ended else [])]
        logits = model.logits(model(model.embed_tokens(torch.tensor([stream])), causal=True))[0]
        for at in range(len(text), len(stream)):
            name = "end" if stream[at] == LAYOUT.eos else f"q{(at - len(text)) % 2}"
            rows = list(LAYOUT.level_rows(1)) if name == "q1" else [*LAYOUT.level_rows(0), LAYOUT.eos]
            expected[name].append(-F.log_softmax(logits[at - 1, rows], 0)[rows.index(stream[at])].item())
    assert piece.predictions == 5 + 5 + 1 and losses.counts == {"q0": 5, "q1": 5, "end": 1}
    assert total.item() == pytest.approx(sum(map(sum, expected.values())), rel=1e-5)
    for name, mean in losses.mean().items():
        assert mean == pytest.approx(np.mean(expected[name]), rel=1e-4)


def test_pieces_depend_on_epoch_and_songs_alone(model: Backbone, tokens: Path) -> None:
    first, second = objective(model, tokens), objective(model, tokens)
    assert first.epoch(3) == second.epoch(3) != first.epoch(4)
    plan = first.epoch(3)[0][0]
    a, b = first.piece(plan), second.piece(plan)
    assert torch.equal(a.ids_BT, b.ids_BT) and torch.equal(a.q0, b.q0)
    texts = {tuple(first.piece(replace(plan, epoch=epoch)).ids_BT[0, :20].tolist()) for epoch in range(8)}
    assert len(texts) > 2, "the prompt of a song varies from epoch to epoch"


def test_a_piece_ends_with_its_songs_unless_they_are_cropped(model: Backbone, tokens: Path) -> None:
    whole = objective(model, tokens).piece(Plan(0, None, [0, 1]))
    assert (whole.q0 == LAYOUT.codebook).sum() == 2
    cropped = objective(model, tokens, max_frames=10).piece(Plan(0, None, [0, 1]))
    assert (cropped.q0 < LAYOUT.codebook).all() and cropped.q0.numel() == cropped.q1.numel() == 20


def test_held_out_songs_are_never_trained_on(model: Backbone, tokens: Path) -> None:
    made = objective(model, tokens)
    assert made.corpus.held_out and made.held_out()
    assert not {song.seed for song in made.corpus.held_out} & {song.seed for song in made.corpus.train}
    read, codes = [], made.corpus.codes
    made.corpus.codes = lambda song, *part: read.append(song) or codes(song, *part)
    for plan in (plan for step in made.epoch(0) for plan in step):
        made.piece(plan)
    assert read and set(read) <= set(made.corpus.train)
    read.clear()
    made.held_out()
    assert set(read) == set(made.corpus.held_out)


def test_excerpts_are_the_share_of_steps_that_the_recipe_says(model: Backbone, tokens: Path) -> None:
    made = objective(model, tokens, excerpts=0.75, excerpt_frames=6, batch_tokens=200, piece_tokens=200)
    steps = made.epoch(0)
    excerpts = [plan for step in steps for plan in step if plan.excerpts is not None]
    whole = [number for step in steps for plan in step if plan.excerpts is None for number in plan.songs]
    assert set(whole) == set(range(len(made.corpus.train))), "every song is heard whole"
    kinds = [step[0].excerpts is not None for step in steps]
    assert sum(kinds) == pytest.approx(0.75 * len(steps), abs=1)
    assert sum(one != next for one, next in pairwise(kinds)) > len(steps) / 5, "they come mixed"
    assert len({plan.excerpts for plan in excerpts}) > 1
    piece = made.piece(excerpts[0])
    assert piece.q1.numel() == 6 * len(excerpts[0].songs) and (piece.q0 < LAYOUT.codebook).all()
    assert torch.equal(piece.ids_BT, made.piece(excerpts[0]).ids_BT)


def test_what_is_sung_is_told_in_the_rows_of_its_letters(model: Backbone) -> None:
    texts, codes = [[5, 6, 7]], [np.array([[1, 2, 3], [3, 4, 5]], dtype=np.int16)]
    rows = torch.tensor([65, 64, 94])
    piece = causal_piece(texts, codes, [True], LAYOUT)
    aside = Aside("phone", rows, torch.tensor([2, UNKNOWN_PHONE, 0]), 0.5)
    losses, plain = Losses({}, {}), Losses({}, {})
    total = causal_loss(model, replace(piece, asides=(aside,)), LAYOUT, losses)
    without = causal_loss(model, piece, LAYOUT, plain)
    logits = model.logits(model(model.embed_tokens(piece.ids_BT), causal=True))[0]
    expected = [-F.log_softmax(logits[at, rows], 0)[target].item() for at, target in ((2, 2), (6, 0))]
    assert losses.counts["phone"] == 2 and "phone" not in plain.sums
    assert losses.sums["phone"] == pytest.approx(sum(expected), rel=1e-4)
    assert (total - without).item() == pytest.approx(0.5 * sum(expected), rel=1e-3)


def test_asides_and_blanks_of_a_recipe(model: Backbone, tokens: Path) -> None:
    made = objective(model, tokens, phones=1.0, chords=0.5, blank=0.5)
    blank = Tokenizer.of_bytes().encode(UNCOND_PROMPT)
    plans = [plan for step in made.epoch(0) for plan in step]
    pieces = [made.piece(plan) for plan in plans]
    assert all([aside.name for aside in piece.asides] == ["phone", "chord"] for piece in pieces)
    assert all(aside.targets.numel() == piece.q1.numel() for piece in pieces for aside in piece.asides)
    bare = [row[: len(blank)].tolist() == blank for piece in pieces for row in piece.ids_BT]
    assert 0.2 < sum(bare) / len(bare) < 0.8
    losses = Losses({}, {})
    made.loss(pieces[0], losses)
    assert losses.counts["phone"] == losses.counts["q0"]
    assert "chord" not in losses.counts, "nobody wrote down the chords of these songs"


def test_asides_count_as_much_as_the_recipe_says(model: Backbone, tokens: Path) -> None:
    made = objective(model, tokens, phones=0.25, chords=3.0)
    made.corpus.train = [replace(song, chords=((0, song.frames, 5),)) for song in made.corpus.train]
    losses = Losses({}, {})
    total = made.loss(made.piece(Plan(0, None, [0, 1])), losses)
    weights = {"q0": 1.0, "q1": 1.0, "end": 1.0, "phone": 0.25, "chord": 3.0}
    assert losses.sums.keys() == weights.keys()
    expected = sum(weight * losses.sums[name] for name, weight in weights.items())
    assert total.item() == pytest.approx(expected, rel=1e-5)


def test_all_that_is_known_of_an_excerpt_is_of_its_frames(model: Backbone, tokens: Path) -> None:
    cued = Backbone(replace(CONFIG.backbone, condition_rows=CONDITION_ROWS)).bind_codebooks(codebooks(tokens))
    made, uncued = (
        objective(one, tokens, phones=1.0, chords=1.0, blank=0.0, untold=0.0, excerpt_frames=8) for one in (cued, model)
    )
    made.corpus.train = [
        replace(song, bar=48, chords=tuple((frame, frame + 1, frame % 24) for frame in range(song.frames)))
        for song in made.corpus.train
        if not song.voice  # an excerpt of an instrumental begins anywhere
    ]
    uncued.corpus.train = made.corpus.train
    begins = []
    for number, song in enumerate(made.corpus.train):
        piece = made.piece(Plan(0, 0, [number]))
        phones, chords = (aside.targets.numpy() for aside in piece.asides)
        rows = torch.tensor(made.corpus.condition_ids(song, song.outline, 0, song.frames))[
            :, : NUM_CONDITIONS + 1
        ]  # and what is sung
        shown = piece.cues_BTC[0, piece.q1_at, : NUM_CONDITIONS + 1]
        (begin,) = (at for at in range(song.frames - 7) if torch.equal(rows[at : at + 8], shown))
        begins.append(begin)
        assert chords.tolist() == song.chord_frames(begin, 8).tolist()
        ahead = made.corpus.phones(song, begin + 1, 8).tolist()
        assert phones.tolist() == [*ahead, UNKNOWN_PHONE][:8]
        told = uncued.piece(Plan(0, 0, [number])).asides[0].targets.tolist()
        assert told == made.corpus.phones(song, begin, 8).tolist(), "not shown the frame at hand, it is asked for it"
        assert np.array_equal(np.stack([piece.q0[:8], piece.q1]), made.corpus.codes(song, 2, begin, 8))
    assert len(set(begins)) > 5


@pytest.mark.parametrize(
    ("name", "value"), [("excerpts", -0.1), ("blank", 1.0), ("phones", -1.0), ("excerpts", 1.0), ("excerpt_frames", 0)]
)
def test_impossible_excerpts_are_refused(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=name):
        BackboneRecipe(**{name: value})


def test_excerpts_get_longer_by_turns(model: Backbone, tokens: Path) -> None:
    made = objective(model, tokens, excerpts=0.9, excerpt_frames=6, doublings=2, batch_tokens=200, piece_tokens=200)
    plans = [plan for step in made.epoch(0) for plan in step if plan.excerpts is not None]
    frames = {plan.excerpts: made.piece(plan).q1.numel() / len(plan.songs) for plan in plans}
    assert {frames[0], frames[1], frames[2], frames[3]} == {6, 12, 24}


def test_what_is_misheard_changes_what_is_seen_and_not_what_is_right(model: Backbone, tokens: Path) -> None:
    clear, noisy = objective(model, tokens, blank=0.0), objective(model, tokens, blank=0.0, noise=0.3)
    plan = Plan(0, None, [0, 1])
    a, b, again = clear.piece(plan), noisy.piece(plan), noisy.piece(plan)
    assert torch.equal(a.q0, b.q0) and torch.equal(a.q1, b.q1) and torch.equal(b.ids_BT, again.ids_BT)
    changed = (a.ids_BT != b.ids_BT).sum() / a.predictions
    assert 0.1 < changed < 0.3, "some are replaced by their like"
    assert torch.equal(clear.held_out()[0].ids_BT, noisy.held_out()[0].ids_BT)


def test_misheard_codes_are_a_share_of_each_level_and_of_its_kind() -> None:
    codes = np.stack([np.arange(5000), np.arange(5000, 10_000)])
    heard = misheard(codes, 0.3, Random(1))
    changed = heard != codes
    assert changed.mean(1) == pytest.approx([0.3, 0.3], abs=0.02)
    assert changed.all(0).mean() == pytest.approx(0.3 * 0.3, abs=0.02), "one level whatever becomes of the other"
    assert set(heard[0]) <= set(codes[0]) and set(heard[1]) <= set(codes[1])
    assert len(set(heard[0][changed[0]])) > 1000


def test_cues_are_added_where_they_belong(tokens: Path) -> None:
    torch.manual_seed(1)
    model = Backbone(replace(CONFIG.backbone, condition_rows=CONDITION_ROWS)).bind_codebooks(codebooks(tokens))
    codes = np.array([[1, 2], [3, 4]], dtype=np.int16)
    stream = torch.randint(CONDITION_ROWS, (3 + 4, NUM_CONDITIONS + PHONE_CONDITIONS))
    piece = causal_piece([[5, 6, 7], [8]], [codes, codes], [False] * 2, LAYOUT, cues=[stream, stream[2:]])
    losses = Losses({}, {})
    causal_loss(model, piece, LAYOUT, losses)
    x = model.embed_tokens(piece.ids_BT)
    assert piece.cues_BTC is not None and (piece.cues_BTC[1, 5:] == PAD_ID).all(), "padding is shown nothing"
    expected = 0.0
    for row, text in enumerate((3, 1)):
        shown = stream[3 - text :]
        hidden = model(x[row : row + 1, : len(shown)] + model.embed_conditions(shown), causal=True)[0]
        q0 = F.log_softmax(
            model.logits(hidden[[text - 1, text + 1]], torch.tensor([*LAYOUT.level_rows(0), LAYOUT.eos])), -1
        )
        expected -= q0[0, 1].item() + q0[1, 2].item()
    assert losses.sums["q0"] == pytest.approx(expected, rel=1e-4)


def test_songs_show_their_outline_and_nothing_of_it_behind_nothing(tokens: Path) -> None:
    cued = Backbone(replace(CONFIG.backbone, condition_rows=CONDITION_ROWS)).bind_codebooks(codebooks(tokens))
    assert objective(Backbone(CONFIG.backbone), tokens).piece(Plan(0, None, [0])).cues_BTC is None
    plan = Plan(0, None, [0])
    whole = objective(cued, tokens, untold=0.0, blank=0.0).piece(plan)
    song = objective(cued, tokens).corpus.train[0]
    assert whole.cues_BTC is not None
    text = whole.ids_BT.shape[1] - 2 * song.frames
    rows = objective(cued, tokens).corpus.condition_ids(song, song.outline, 0, song.frames)
    assert [row[:NUM_CONDITIONS] for row in rows] == song.outline.condition_ids(0, song.frames + 1)
    assert torch.equal(whole.cues_BTC[0, text - 1 :], torch.tensor(rows).repeat_interleave(2, 0)[:-1])
    behind_nothing = objective(cued, tokens, blank=0.999).piece(plan)
    bare = torch.tensor(song.outline.without_style_and_key.condition_ids(0, song.frames + 1)).repeat_interleave(2, 0)[
        :-1
    ]
    assert behind_nothing.cues_BTC is not None
    assert torch.equal(behind_nothing.cues_BTC[0, 1:, :NUM_CONDITIONS], bare)
    assert (behind_nothing.cues_BTC[0, :, NUM_CONDITIONS:] == PAD_ID).all(), "nor what is sung"


def test_style_or_key_is_left_out_of_a_share_of_the_songs(tokens: Path) -> None:
    cued = Backbone(replace(CONFIG.backbone, condition_rows=CONDITION_ROWS)).bind_codebooks(codebooks(tokens))
    made = objective(cued, tokens, untold=0.4, blank=0.0, max_frames=4)
    song = replace(made.corpus.train[0], key=7)
    made.corpus.train = [song]
    known = {"all": song.outline, "no style": replace(song.outline, style=""), "no key": replace(song.outline, key=-1)}
    names = {tuple(outline.condition_ids(0, 1)[0]): name for name, outline in known.items()}
    assert len(names) == 3
    found = Counter()
    for epoch in range(400):
        piece = made.piece(Plan(epoch, None, [0]))
        found[names[tuple(piece.cues_BTC[0, int(piece.q0_at[0]), :NUM_CONDITIONS].tolist())]] += 1
    assert found["all"] / 400 == pytest.approx(0.6, abs=0.06)
    assert found["no style"] / 400 == pytest.approx(0.2, abs=0.06)


def test_a_model_with_cues_is_asked_for_phones_a_frame_ahead(tokens: Path) -> None:
    cued = Backbone(replace(CONFIG.backbone, condition_rows=CONDITION_ROWS)).bind_codebooks(codebooks(tokens))
    made = objective(cued, tokens, phones=0.5, blank=0.0)
    piece = made.piece(Plan(0, None, [0]))
    song = made.corpus.train[0]
    (aside,) = piece.asides
    assert aside.early and aside.targets.tolist() == [*made.corpus.phones(song, 1, song.frames).tolist(), UNKNOWN_PHONE]
    known = replace(piece, asides=(replace(aside, targets=torch.full_like(aside.targets, 2)),))
    losses = Losses({}, {})
    causal_loss(cued, known, LAYOUT, losses)
    x = cued.embed_tokens(piece.ids_BT) + cued.embed_conditions(piece.cues_BTC)
    logits = cued.logits(cued(x, causal=True))[0, piece.q1_at][:, aside.rows]
    assert losses.sums["phone"] == pytest.approx(-F.log_softmax(logits, -1)[:, 2].sum().item(), rel=1e-4)
    behind_nothing = objective(cued, tokens, phones=0.5, blank=0.999).piece(Plan(0, None, [0]))
    assert (behind_nothing.asides[0].targets == UNKNOWN_PHONE).all()
