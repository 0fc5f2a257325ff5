"""Two songs of the shipped model, code by code, as it made them when they were written down in `golden/`.

They hold what no tiny model has: the weights and what their rows stand for, the prompts, the outline, how the words are
led, the noise of a seed, guidance, the residual that super-resolution predicts.

Either engine is led along the golden codes of a song: at each of them the model must choose the same one, or one that
is no better than it by more than `TIE`. Without that lead one code that turns would change all that come after it, and
codes do turn: the kernels of another CPU round otherwise. With those of PyTorch, oneDNN and MKL for AVX-512, for AVX2
and for older CPUs (ATEN_CPU_CAPABILITY, DNNL_MAX_CPU_ISA, MKL_CBWR) at most one of 20,000 turned, by 1e-5, and the sums
of a draw moved by 5e-5. The outline, and where the lines are in it, must be the same everywhere.

A change that is meant to change songs makes the golden ones anew: `python tests/generation/test_golden.py`.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from khala.engine.onnx import decode as onnx_decode
from khala.engine.onnx import refine as onnx_refine
from khala.engine.onnx.noise import draw_class
from khala.engine.pytorch import draw, refine
from khala.generation.pipeline import Pipeline, load
from khala.generation.take import Take
from khala.nn.rvq import nearest
from khala.nn.sampling import sample

CODES, TOLD = (Path(__file__).parent / "golden" / name for name in ("codes.npz", "told.json"))
TIE = 1e-3
"""In nats where codes are drawn; in squared distance, of the codes' own mean square, where they are looked for."""
SONGS: dict[str, dict[str, Any]] = {
    "sung": {
        "tags": "pop, female vocals",
        "lyrics": "[verse]\nMorning finds the open road\n[chorus]\nSing it out again",
        "duration": 8,
        "seed": 1,
    },
    "instrumental": {"tags": "lo-fi, piano, slow", "instrumental": True, "duration": 6, "seed": 2},
}


class Lead:
    """Golden codes [Q, T] in the place of those that are drawn or looked for, each held against what it replaces."""

    def __init__(self, codes_QT: NDArray[np.int16], codebook: int) -> None:
        self.codes_QT = torch.from_numpy(codes_QT.astype(np.int64))
        self.draws = [*self.codes_QT[:2].T.flatten().tolist(), codebook]  # the end comes after the codes
        self.drawn, self.level = 0, 2

    def sample_rows(self, logits_1C: Tensor, settings: list[tuple[float, int]], uniform_1C: Tensor) -> Tensor:
        ((temperature, top_k),) = settings
        chosen = int(sample(logits_1C, temperature, top_k, uniform_1C))
        return torch.tensor([self.draw(logits_1C[0], temperature, uniform_1C[0], chosen)])

    def draw_class(
        self, logits_C: NDArray[np.float32], temperature: float, top_k: int, uniform_C: NDArray[np.float32]
    ) -> int:
        chosen = draw_class(logits_C, temperature, top_k, uniform_C)
        return self.draw(torch.from_numpy(logits_C), temperature, torch.from_numpy(uniform_C), chosen)

    def draw(self, logits_C: Tensor, temperature: float, uniform_C: Tensor, chosen: int) -> int:
        golden = self.draws[self.drawn]
        sums_C = logits_C / temperature - (-uniform_C.log()).log()
        better = abs(float(sums_C[chosen] - sums_C[golden])) if chosen != golden else 0
        assert better <= TIE, f"draw {self.drawn} is {chosen} and was {golden}, {better:.3g} nats apart"
        self.drawn += 1
        return golden

    def nearest(self, latent_TK: Tensor, vectors_CK: Tensor) -> Tensor:
        golden_T, chosen_T = self.codes_QT[self.level], nearest(latent_TK, vectors_CK)
        chosen, golden = ((latent_TK - vectors_CK[codes_T]).square().sum(-1) for codes_T in (chosen_T, golden_T))
        worst = float((golden - chosen).max() / vectors_CK.square().sum(-1).mean())
        turned = int((chosen_T != golden_T).sum())
        assert worst <= TIE, f"{turned} codes of level {self.level} are others, better by up to {worst:.3g}"
        self.level += 1
        return golden_T.clone()

    def nearest_onnx(self, latent_TK: NDArray[np.float32], vectors_CK: NDArray[np.float32]) -> NDArray[np.int64]:
        chosen_T = onnx_nearest(latent_TK, vectors_CK)
        golden_T = self.nearest(torch.from_numpy(latent_TK), torch.from_numpy(vectors_CK)).numpy()
        assert (chosen_T != golden_T).mean() < 0.01
        return golden_T


onnx_nearest = onnx_refine.nearest


@pytest.fixture(scope="module", params=["onnx", "torch"])
def mini(request: pytest.FixtureRequest) -> Pipeline:
    return load("mini", "cpu", "float32", engine=request.param)


@pytest.mark.parametrize("name", SONGS)
def test_songs_of_the_shipped_model_stay_what_they_were(
    name: str, mini: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    golden, told = np.load(CODES)[name], json.loads(TOLD.read_text())[name]
    lead = Lead(golden, mini.config.backbone.codebook)
    monkeypatch.setattr(draw, "sample_rows", lead.sample_rows)
    monkeypatch.setattr(refine, "nearest", lead.nearest)
    monkeypatch.setattr(onnx_decode, "draw_class", lead.draw_class)
    monkeypatch.setattr(onnx_refine, "nearest", lead.nearest_onnx)
    (take,) = mini.generate(**SONGS[name])
    assert np.array_equal(take.codes, golden)
    assert (lead.drawn, lead.level) == (2 * golden.shape[1] + 1, 64)
    assert heading(take) == told


def heading(take: Take) -> dict[str, Any]:
    """What the record says of a song's outline and of where its lines are sung."""
    return {key: take.metadata[key] for key in ("prompt_tokens", "frames", "truncated", "outline", "lyrics")}


def write() -> None:
    """Make the golden songs anew."""
    pipe = load("mini", "cpu", "float32", engine="torch")
    takes = {name: pipe.generate(**fields)[0] for name, fields in SONGS.items()}
    np.savez_compressed(CODES, **{name: take.codes for name, take in takes.items()})
    TOLD.write_text(json.dumps({name: heading(take) for name, take in takes.items()}, indent=1) + "\n")


if __name__ == "__main__":
    write()
