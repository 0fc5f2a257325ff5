"""Super-resolution's objectives: levels below as a sum, the marker, windows of one length, the level asked for."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from khala.conditioning.outline import NUM_CONDITIONS
from khala.conditioning.phone_sequence import REST
from khala.conditioning.rows import CONDITION_ROWS, FIRST_ROWS
from khala.corpus.data.shards import codebooks
from khala.models.codec.folder import save_codec
from khala.models.codec.spectral.codec import SpectralCodec
from khala.models.lm.backbone import Backbone
from khala.models.lm.config import PAD_ID
from khala.models.lm.superres import Superres
from khala.models.presets import tiny
from khala.music.errors import InvalidRequest, ModelError
from khala.nn.rvq import ResidualVQ
from khala.training.losses import Losses
from khala.training.objectives import superres
from khala.training.objectives.causal import CausalBatch
from khala.training.objectives.refinement import LevelBatch, bucket
from khala.training.objectives.superres import BatchSpec, SuperresObjective, requantised
from khala.training.recipe import BackboneRecipe, Recipe, SuperresRecipe
from khala.weights.tensors import save_module
from khala.weights.tokenizer import Tokenizer

CONFIG = tiny()
LAYOUT = CONFIG.superres.layout


@pytest.fixture(scope="module")
def objective(tokens: Path) -> SuperresObjective:
    torch.manual_seed(0)
    model = Superres(CONFIG.superres).bind_codebooks(codebooks(tokens))
    recipe = SuperresRecipe(batch_tokens=900, micro_batch_tokens=450, max_frames=48, causal=0.3)
    return SuperresObjective(model, tokens, Tokenizer.of_bytes(), CONFIG.prompt, recipe)


def test_the_loss_is_that_of_one_song_after_another(objective: SuperresObjective) -> None:
    batch = objective.micro_batch(next(spec for step in objective.epoch(0) for spec in step if not spec.causal))
    assert isinstance(batch, LevelBatch) and len(batch.texts) >= 2
    losses = Losses()
    total = objective.loss(batch, losses)
    expected = 0.0
    for text, song in zip(batch.texts, batch.codes, strict=True):
        level = len(song) - 1
        text = text.clone()
        text[-1] = LAYOUT.marker(level)
        frames = sum(objective.model.embed_codes(song[None, q : q + 1], start=q) for q in range(level))
        hidden = objective.model(torch.cat([objective.model.embed_text(text[None]), frames], 1), causal=False)
        logits = objective.model.logits(hidden[0, len(text) :])[:, list(LAYOUT.level_rows(level))]
        expected += F.cross_entropy(logits, song[level], reduction="sum").item()
    assert total.item() == pytest.approx(expected, rel=1e-4)
    assert sum(losses.counts.values()) == batch.predictions
    assert set(losses.counts) == {bucket(len(song) - 1) for song in batch.codes}


def at_once(tokens: Path) -> SuperresObjective:
    """The objective of a model that predicts all levels in one pass."""
    torch.manual_seed(0)
    model = Superres(replace(CONFIG.superres, residual=True)).bind_codebooks(codebooks(tokens))
    return SuperresObjective(model, tokens, Tokenizer.of_bytes(), CONFIG.prompt, SuperresRecipe(causal=0.0))


def test_a_residual_is_the_sum_of_all_levels_to_come(tokens: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    objective = at_once(tokens)
    batch = objective.micro_batch(objective.epoch(0)[0][0])
    assert isinstance(batch, LevelBatch) and {len(song) for song in batch.codes} == {CONFIG.superres.levels}
    vectors_QCK = codebooks(tokens) / codebooks(tokens)[0].square().mean().sqrt()
    power = sum(vectors_CK.square().sum(1).mean() for vectors_CK in vectors_QCK[2:])
    expected = 0.0
    for text, song in zip(batch.texts, batch.codes, strict=True):
        marked = torch.tensor([[*text[:-1], LAYOUT.marker(2)]])
        frames = objective.model.embed_codes(song[None, :2])
        hidden = objective.model(torch.cat([objective.model.embed_text(marked), frames], 1), causal=False)
        told = objective.model.codebooks.outward(hidden[0, len(text) :])
        true = sum(vectors_QCK[level][song[level]] for level in range(2, CONFIG.superres.levels))
        expected += ((told - true).square().sum() / power).item()
    losses = Losses()
    assert objective.loss(batch, losses).item() == pytest.approx(expected, rel=1e-4)
    assert losses.counts == {"residual": batch.predictions}
    assert {len(batch.codes[0]) for batch in objective.held_out() if isinstance(batch, LevelBatch)} == {8}


def test_frames_in_which_a_phone_is_sung_weigh_more_if_the_recipe_says_so(tokens: Path) -> None:
    torch.manual_seed(0)
    config = replace(CONFIG.superres, residual=True, condition_rows=CONDITION_ROWS)
    model = Superres(config).bind_codebooks(codebooks(tokens))
    totals = []
    for recipe in (SuperresRecipe(causal=0.0), SuperresRecipe(causal=0.0, sung_weight=3.0)):
        objective = SuperresObjective(model, tokens, Tokenizer.of_bytes(), CONFIG.prompt, recipe)
        batch = objective.held_out()[0]
        assert isinstance(batch, LevelBatch) and batch.condition_ids[0] is not None
        batch.condition_ids[0][20:, NUM_CONDITIONS:] = PAD_ID  # the corpus sings all the time
        batch.condition_ids[0][30:, NUM_CONDITIONS] = FIRST_ROWS["phone"] + REST
        totals.append((objective.loss(batch, losses := Losses()).item(), losses))
    (even, losses), (weighted, same) = totals
    assert losses.counts["sung"] == 20 and losses.sums == same.sums
    assert weighted == pytest.approx(even + 2 * losses.sums["sung"], rel=1e-4)


def test_the_voice_counts_apart_if_the_recipe_says_so(tokens: Path, tmp_path: Path) -> None:
    config = tiny()
    config = replace(config, superres=replace(config.superres, residual=True, condition_rows=CONDITION_ROWS))
    recipe = Recipe(superres=SuperresRecipe(causal=0.0, sung_weight=2.0, voice_share=0.25))
    with pytest.raises(InvalidRequest, match="needs the spectral codec that the songs were tokenized with"):
        superres.prepare(recipe, tokens, None, config=config, codec=tmp_path / "none")
    codec = SpectralCodec(config.codec)
    save_codec(codec, tmp_path / "other")
    with pytest.raises(InvalidRequest, match="needs the spectral codec"):
        superres.prepare(recipe, tokens, None, config=config, codec=tmp_path / "other")
    codec.codebooks.copy_(codebooks(tokens))
    codec.unproject.normal_(generator=torch.Generator().manual_seed(1))
    save_codec(codec, tmp_path / "own")
    objective = superres.prepare(recipe, tokens, None, config=config, codec=tmp_path / "own")
    batch = objective.held_out()[0]
    loss = objective.loss(batch, losses := Losses()).item()
    plain, sung, voice = (losses.sums[name] for name in ("residual", "sung", "voice"))
    assert losses.counts["voice"] == losses.counts["sung"] > 0 and voice != pytest.approx(sung, rel=0.01)
    assert loss == pytest.approx(plain - sung + 2 * (0.75 * sung + 0.25 * voice), rel=1e-4)


def test_songs_of_a_piece_have_one_length_and_windows_lie_anywhere(objective: SuperresObjective) -> None:
    starts = set()
    for epoch in range(3):
        for spec in (spec for step in objective.epoch(epoch) for spec in step if not spec.causal):
            batch = objective.micro_batch(spec)
            lengths = {len(text) + song.shape[1] for text, song in zip(batch.texts, batch.codes, strict=True)}
            assert len(lengths) == 1 and all(song.shape[1] <= 48 for song in batch.codes)
            starts |= {int(song[0, 0]) for song in batch.codes}
    assert len(starts) > 4, "codes are periodic in time: windows that start anywhere start with any of them"


@pytest.mark.parametrize("offset", [0.0, 100.0])
def test_levels_come_as_often_as_the_recipe_says(objective: SuperresObjective, tokens: Path, offset: float) -> None:
    recipe = replace(objective.recipe, causal=0.0, level_offset=offset)
    made = SuperresObjective(objective.model, tokens, Tokenizer.of_bytes(), CONFIG.prompt, recipe)
    plans = [spec for epoch in range(30) for step in made.epoch(epoch) for spec in step]
    found = Counter(len(song) - 1 for spec in plans for song in made.micro_batch(spec).codes)
    weights = {level: 1 / (level + offset) for level in range(2, CONFIG.superres.levels)}
    for level, weight in weights.items():
        assert found[level] / found.total() == pytest.approx(weight / sum(weights.values()), abs=0.04)
    assert found.keys() == weights.keys()


def test_a_window_has_the_conditions_of_its_own_frames(tokens: Path) -> None:
    torch.manual_seed(0)
    model = Superres(replace(CONFIG.superres, condition_rows=CONDITION_ROWS)).bind_codebooks(codebooks(tokens))
    style = replace(CONFIG.prompt, superres_text="no_lyrics")
    recipe = SuperresRecipe(max_frames=12, causal=0.0, phone_dropout=0.0)
    made = SuperresObjective(model, tokens, Tokenizer.of_bytes(), style, recipe)
    made.corpus.train = [replace(song, bar=96) for song in made.corpus.train]  # no two frames have the same conditions
    begins = set()
    for number, (song, _) in enumerate(made.plays):
        batch = made.micro_batch(BatchSpec(False, 0, [number]))
        (codes,), (condition_ids,) = batch.codes, batch.condition_ids
        rows = torch.tensor(made.corpus.condition_ids(song, song.outline, 0, song.frames))
        (begin,) = (at for at in range(song.frames - 11) if torch.equal(rows[at : at + 12], condition_ids))
        assert codes.tolist() == made.corpus.codes(song, len(codes), begin, 12).tolist()
        begins.add(begin)
    assert len(begins) > 10


def test_held_out_songs_are_never_trained_on(objective: SuperresObjective, monkeypatch: pytest.MonkeyPatch) -> None:
    read, codes = [], objective.corpus.codes
    monkeypatch.setattr(objective.corpus, "codes", lambda song, *part: read.append(song) or codes(song, *part))
    plans = [spec for epoch in range(2) for step in objective.epoch(epoch) for spec in step]
    assert len({spec.causal for spec in plans}) == 2
    for spec in plans:
        objective.micro_batch(spec)
    assert read and set(read) <= set(objective.corpus.train)
    read.clear()
    objective.held_out()
    assert set(read) == set(objective.corpus.held_out)


def test_some_steps_are_causal_behind_marker_0(objective: SuperresObjective) -> None:
    steps = [step for epoch in range(20) for step in objective.epoch(epoch)]
    share = sum(step[0].causal for step in steps) / len(steps)
    assert share == pytest.approx(objective.recipe.causal, abs=0.1)
    assert all(len({spec.causal for spec in step}) == 1 for step in steps)
    batch = objective.micro_batch(BatchSpec(True, 0, [0]))
    assert isinstance(batch, CausalBatch)
    assert batch.ids_BT[0, int(batch.q0_at[0])] == LAYOUT.marker(0)
    losses = Losses()
    objective.loss(batch, losses)
    assert {"q0", "q1"} <= set(losses.counts)


def test_levels_lead_back_from_what_is_corrupt_codes() -> None:
    torch.manual_seed(1)
    sizes = torch.tensor([1.0, 0.6, 0.4, 0.25, 0.15])
    codebooks_QCK = torch.randn(5, 64, 3) * sizes[:, None, None]
    latents_TK = torch.randn(40, 3)
    quantiser = ResidualVQ(5, 64, 3)
    quantiser.codebooks = codebooks_QCK
    codes_QT = torch.empty(5, 40, dtype=torch.long)
    residual_TK = latents_TK
    for level, book_CK in enumerate(codebooks_QCK):
        codes_QT[level] = torch.cdist(residual_TK, book_CK).argmin(1)
        residual_TK = residual_TK - book_CK[codes_QT[level]]
    assert torch.equal(requantised(codes_QT, codes_QT[:2], 5, quantiser), codes_QT)
    heard_2T = codes_QT[:2].clone()
    heard_2T[1, ::4] = (heard_2T[1, ::4] + 1) % 64
    found_QT = requantised(codes_QT, heard_2T, 5, quantiser)
    kept = torch.arange(40) % 4 > 0
    assert torch.equal(found_QT[:, kept], codes_QT[:, kept]) and torch.equal(found_QT[:2], heard_2T)
    assert torch.equal(requantised(codes_QT, heard_2T, 3, quantiser), found_QT[:3])

    def away(levels: int, codes_QT: torch.Tensor) -> float:
        song_TK = torch.stack([book_CK[its] for book_CK, its in zip(codebooks_QCK, codes_QT[:levels], strict=False)])
        return (song_TK.sum(0) - latents_TK)[~kept].norm().item()

    unmended_QT = torch.cat([heard_2T, codes_QT[2:]])
    assert away(5, found_QT) < 0.5 * away(2, found_QT) and away(5, found_QT) < away(5, unmended_QT)


def test_the_backbones_codes_are_corrupted_in_training_alone(tokens: Path, objective: SuperresObjective) -> None:
    recipe = replace(objective.recipe, code_corruption=0.5)
    noisy = SuperresObjective(objective.model, tokens, Tokenizer.of_bytes(), CONFIG.prompt, recipe)
    spec = next(spec for step in objective.epoch(0) for spec in step if not spec.causal)
    mended = []
    for clean, heard in zip(objective.micro_batch(spec).codes, noisy.micro_batch(spec).codes, strict=True):
        assert clean.shape == heard.shape and 0.2 < (clean[:2] != heard[:2]).float().mean() < 0.6
        other = (clean[:2] != heard[:2]).any(0)
        assert torch.equal(clean[2:, ~other], heard[2:, ~other])
        mended += (clean[2:, other] != heard[2:, other]).flatten().tolist()
    assert sum(mended) > len(mended) / 4, "the levels above mend them"
    for clean, heard in zip(objective.held_out(), noisy.held_out(), strict=True):
        assert isinstance(clean, CausalBatch) or torch.equal(clean.codes[0], heard.codes[0])


@pytest.mark.parametrize(("level", "name"), [(2, "q2-3"), (3, "q2-3"), (4, "q4-7"), (31, "q16-31"), (63, "q32-63")])
def test_levels_are_reported_in_octaves(level: int, name: str) -> None:
    assert bucket(level) == name


def test_it_starts_from_the_backbone_and_needs_one(tokens: Path, tmp_path: Path) -> None:
    codec = CONFIG.codec
    recipe = Recipe(
        preset="tiny",
        codec=replace(Recipe().codec, model=codec),
        backbone=BackboneRecipe(),
        superres=SuperresRecipe(steps=1, batch_tokens=200, micro_batch_tokens=200, matrix_rate=0.0, embedding_rate=0.0),
    )
    with pytest.raises(ModelError, match="khala train backbone"):
        superres.train_superres(recipe, tokens, tmp_path / "backbone", tmp_path / "superres")
    torch.manual_seed(5)
    backbone = Backbone(CONFIG.backbone)
    (tmp_path / "backbone").mkdir()
    save_module(tmp_path / "backbone" / "model.safetensors", backbone, torch.float32)
    path = superres.train_superres(recipe, tokens, tmp_path / "backbone", tmp_path / "superres")
    from safetensors.torch import load_file

    weights = load_file(path)
    for name in ("blocks.1.mlp.down.weight", "embedding.weight", "codebooks.inward.weight"):
        own = backbone.state_dict()[name]
        assert torch.equal(weights[name][: len(own)], own), name


def test_both_objectives_have_the_conditions_of_their_frames(tokens: Path) -> None:
    torch.manual_seed(0)
    model = Superres(replace(CONFIG.superres, condition_rows=CONDITION_ROWS)).bind_codebooks(codebooks(tokens))
    style = replace(CONFIG.prompt, superres_text="no_lyrics")
    made = SuperresObjective(
        model, tokens, Tokenizer.of_bytes(), style, SuperresRecipe(max_frames=20, phone_dropout=0.0)
    )
    batch = made.micro_batch(BatchSpec(False, 0, [0, 1]))
    assert isinstance(batch, LevelBatch)
    losses = Losses()
    total = made.loss(batch, losses)
    expected = 0.0
    for text, song, rows in zip(batch.texts, batch.codes, batch.condition_ids, strict=True):
        assert rows is not None and len(rows) == song.shape[1]
        x = model.embed_song(text[None], song[None, :-1], rows[None])
        hidden = model(x, causal=False)[0, len(text) :]
        expected += F.cross_entropy(model.level_logits(hidden, len(song) - 1), song[-1], reduction="sum").item()
    assert total.item() == pytest.approx(expected, rel=1e-4)
    wholes = [made.corpus.condition_ids(song, song.outline, 0, song.frames) for song in made.corpus.train[:2]]
    rows = batch.condition_ids[0]
    assert rows is not None and any(rows.tolist() == whole[at:][: len(rows)] for whole in wholes for at in range(99))
    dropping = SuperresObjective(
        model,
        tokens,
        Tokenizer.of_bytes(),
        style,
        SuperresRecipe(max_frames=20, phone_dropout=0.999, chord_dropout=0.0, singer_dropout=0.0),
    )
    bare = dropping.micro_batch(BatchSpec(False, 0, [0, 1]))
    assert isinstance(bare, LevelBatch) and bare.condition_ids[0] is not None
    assert (bare.condition_ids[0][:, NUM_CONDITIONS:] == PAD_ID).all() and torch.equal(
        bare.condition_ids[0][:, :NUM_CONDITIONS], rows[:, :NUM_CONDITIONS]
    )
    causal = made.micro_batch(BatchSpec(True, 0, [0]))
    assert isinstance(causal, CausalBatch) and causal.condition_ids_BTC is not None
    assert causal.condition_ids_BTC[0, int(causal.q0_at[0])].tolist() == wholes[0][0]
    assert all(
        word not in Tokenizer.of_bytes().decode(batch.texts[0].tolist()) for word in made.corpus.train[0].lyrics.split()
    )
