"""A plan counts what the recipe trains, says what does not fit, and is what the page shows."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from khala.cli.main import run as khala
from khala.models.lm.superres import Superres
from khala.models.presets import official, tiny
from khala.music.errors import InvalidRequest
from khala.training.losses import Losses
from khala.training.objectives.refinement import level_loss
from khala.training.planning.memory import RESERVED_GB, advice, memory
from khala.training.planning.part import Part, Songs, seconds
from khala.training.planning.plan import Machine, plan
from khala.training.recipe import BackboneRecipe, Recipe, SuperresRecipe
from khala.training.recipe_file import load_recipe

FOLDER = Path(__file__).parents[3] / "recipes" / "published"
RECIPE = load_recipe(FOLDER / "recipe.toml")
SONGS = Songs(100.0, 600, 50)
SMALL = Recipe(
    preset="tiny",
    backbone=BackboneRecipe(tokens=10**6, batch_tokens=4096, micro_batch_tokens=2048, max_frames=600),
    superres=SuperresRecipe(steps=10, batch_tokens=4096, micro_batch_tokens=2048, max_frames=600, causal=0.25),
)


@pytest.fixture(scope="module")
def backbone() -> Part:
    return Part.of(official(), replace(RECIPE.backbone, micro_batch_tokens=32_768))


def test_the_page_shows_what_the_command_counts(capsys: pytest.CaptureFixture[str]) -> None:
    assert khala(["train", "plan", str(FOLDER / "recipe.toml")]) == 0
    assert capsys.readouterr().out in (FOLDER / "README.md").read_text()


def test_the_published_shapes_have_the_published_sizes(backbone: Part) -> None:
    superres = Part.of(official(), RECIPE.superres).weights
    assert (round(backbone.weights.all, -7), round(superres.all, -7)) == (1_620_000_000, 1_880_000_000)
    for weights, layers in ((backbone.weights, 24), (superres, 24)):
        assert weights.all == layers * weights.block + weights.outer
        assert weights.matrices == layers and weights.matrix == 2 * 5632 * 2048


def test_operations_are_those_that_torch_counts() -> None:
    part = Part.of(tiny(), replace(SMALL.superres, causal=0.0))
    model, batch = Superres(part.config), part.batch(1, SONGS.text, SONGS.frames)
    model.bind_codebooks(torch.randn(8, 16, 16))
    with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):
        level_loss(model, batch, Losses()).backward()
    steps, positions, flops = part.run(SONGS)
    assert steps == 10 and positions == pytest.approx(10 * 4096)
    assert flops == pytest.approx(counter.get_total_flops() * positions / batch.positions, rel=0.1)


def test_causal_steps_have_twice_the_positions_of_half_the_frames() -> None:
    part = Part.of(tiny(), SMALL.superres)
    refined, causal = SONGS.text + 600, SONGS.text + 2 * 300
    assert part.run(SONGS)[1] == pytest.approx(10 * 4096 * (0.75 + 0.25 * causal / refined))
    songs = 100 * 3600 / seconds(600)
    assert part.epoch_positions(SONGS) == pytest.approx(songs * refined)
    assert part.epoch_positions(replace(SONGS, frames=601)) == pytest.approx(2 * songs * 600 / 601 * refined)


def test_gpus_divide_states_and_recomputing_saves_activations(backbone: Part) -> None:
    one, eight = memory(backbone, 1), memory(backbone, 8)
    for name in ("weights", "gradients", "optimizer"):
        assert getattr(one, name) == pytest.approx(8 * getattr(eight, name))
    assert one.activations == eight.activations
    assert eight.total == pytest.approx(
        eight.weights + eight.gradients + eight.optimizer + eight.compute + RESERVED_GB
    ), "activations are the most of it"
    saving = memory(replace(backbone, recipe=replace(backbone.recipe, recompute=True)), 8)
    assert saving.activations < eight.activations / 5
    copied = memory(replace(backbone, recipe=replace(backbone.recipe, parallel="ddp")), 8)
    assert copied.weights == one.weights and copied.reduction == 0


def test_what_does_not_fit_says_what_would(backbone: Part) -> None:
    assert memory(backbone, 8).total > 60
    assert advice(backbone, 8, 60) == "it fits with backbone.recompute = true"
    assert advice(backbone, 8, 15) == "it fits with backbone.recompute = true, backbone.micro_batch_tokens = 16384"
    assert advice(backbone, 8, 12).endswith("micro_batch_tokens = 16384, 16 GPUs")
    alone = replace(backbone, recipe=replace(backbone.recipe, parallel="ddp"))
    assert advice(alone, 8, 80).startswith('it fits with backbone.parallel = "fsdp"')
    assert advice(backbone, 8, 5).startswith("nothing here makes it fit")


def test_a_plan_as_json(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text('preset = "tiny"\n[backbone]\ntokens = 1000000\n[superres]\nsteps = 10\n')
    words = ["train", "plan", str(path), "--hours", "100", "--gpus", "2", "--tflops", "1"]
    assert khala([*words, "--mfu", "0.5", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["parts"]["superres"]["steps"] == 10
    assert found["parts"]["backbone"]["days"] == pytest.approx(found["parts"]["backbone"]["flops"] / 1e12 / 86400)
    assert found["frames"] == pytest.approx(100 * 3600 * 44100 / 2048)
    assert found["parts"]["backbone"]["memory"]["total"] > RESERVED_GB
    assert khala([*words, "--mfu", "1.5"]) == 2 and khala([*words, "--set", "backbone.tokens=0"]) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2 and "set backbone.tokens or backbone.steps" in said[1]


def test_a_budget_of_minutes_is_no_plan() -> None:
    with pytest.raises(InvalidRequest, match="minutes"):
        plan(Recipe(), Machine(8, 80, 989, 0.4), SONGS)
