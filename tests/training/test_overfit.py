"""Every objective can learn a song by heart, but the vocoder's: what it is given does not hold all of the phases."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from ranks_at_work import BACKBONE, SUPERRES, backbone, superres

from khala.models.recogniser.features import FRAME_SPECTRA, MEL_BANDS
from khala.models.recogniser.network import Recogniser
from khala.training import log, loop
from khala.training.losses import Losses
from khala.training.objectives import durations
from khala.training.objectives.durations import CLASSES, FEATURE_ROWS, DurationObjective, Examples
from khala.training.objectives.recogniser import PhoneBatch, RecogniserObjective
from khala.training.recipe import DurationRecipe, RecogniserRecipe

STEPS = 120


def last_losses(run: Path) -> dict[str, float]:
    """Mean of the last steps, by name."""
    lines = [line["loss"] for line in log.read(run) if line["kind"] == "train"][-20:]
    names = {name for line in lines for name in line}
    found = {name: [line[name] for line in lines if name in line] for name in names}
    return {name: sum(values) / len(values) for name, values in found.items()}


def test_the_backbone_learns_a_song_by_heart(tokens: Path, tmp_path: Path) -> None:
    recipe = replace(BACKBONE, steps=STEPS, batch_tokens=1, code_corruption=0.0, phone_loss_weight=0.5)
    objective = backbone(tokens, recipe)
    objective.corpus.train = [song for song in objective.corpus.train if song.voice][:1]
    loop.train(objective, recipe, tmp_path)
    losses = last_losses(tmp_path)
    assert {"q0", "q1", "phone"} <= losses.keys() and max(losses.values()) < 0.05


@pytest.mark.parametrize(
    ("causal", "names"),
    [(0.0, {"q2-3", "q4-7"}), (0.4, {"q0", "q1", "q2-3", "q4-7"}), (1.0, {"q0", "q1"})],
    ids=["full", "hybrid", "causal"],
)
def test_super_resolution_learns_a_song_by_heart(tokens: Path, tmp_path: Path, causal: float, names: set[str]) -> None:
    recipe = replace(SUPERRES, steps=2 * STEPS, batch_tokens=1, causal=causal)
    objective = superres(tokens, recipe)
    objective.corpus.train = objective.corpus.train[:1]
    loop.train(objective, recipe, tmp_path)
    losses = last_losses(tmp_path)
    assert names == losses.keys() - {"end"} and max(losses.values()) < 0.05


def test_a_residual_is_learnt_by_heart(tokens: Path, tmp_path: Path) -> None:
    recipe = replace(SUPERRES, steps=2 * STEPS, batch_tokens=1, causal=0.0)
    objective = superres(tokens, recipe, residual=True)
    objective.corpus.train = objective.corpus.train[:1]
    loop.train(objective, recipe, tmp_path)
    assert last_losses(tmp_path)["residual"] < 0.05


def test_the_duration_model_learns_lines_by_heart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durations, "DROPOUT", 0.0)
    torch.manual_seed(0)
    lines = Examples(torch.randint(FEATURE_ROWS, (200, 16)), torch.randint(CLASSES, (200,)))
    recipe = DurationRecipe(steps=4 * STEPS, batch=64, rate=0.005, log_steps=5)
    loop.train(DurationObjective(lines, lines, recipe), recipe, tmp_path)
    assert last_losses(tmp_path)["duration"] < 0.05
    assert log.read(tmp_path)[-1]["right"] == 1.0


def test_the_recogniser_learns_an_excerpt_by_heart(tmp_path: Path) -> None:
    torch.manual_seed(0)
    phones = torch.randint(1, 30, (2, 8))
    frames = torch.stack([phones, torch.zeros_like(phones), torch.zeros_like(phones)], 2).flatten(1)
    features = torch.randn(2, frames.shape[1] * FRAME_SPECTRA, 2 * MEL_BANDS)
    excerpt = PhoneBatch(features, frames, phones.flatten(), torch.tensor([8, 8]))
    recipe = RecogniserRecipe(steps=STEPS, frames_first=0.2, clip=1.0)
    objective = RecogniserObjective(Recogniser(), None, [], [], recipe)
    optimizers = objective.optimizers()
    for step in range(STEPS):
        losses = Losses()
        objective.loss(excerpt, losses, progress=step / STEPS).backward()
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
    assert losses.mean().keys() == {"heard", "said"} and max(losses.mean().values()) < 0.05
