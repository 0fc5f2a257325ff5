"""Super-resolution without torch: levels 0 and 1 -> all levels, a pass per level over each window of a song."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from khala.engine.base import quietly
from khala.engine.chains import run_chains
from khala.engine.onnx.codebooks import Codebooks
from khala.engine.onnx.embeddings import ConditionTable
from khala.engine.onnx.noise import Noise
from khala.engine.onnx.rotary import rotary_tables
from khala.engine.onnx.session import open_session
from khala.models.lm.config import TransformerConfig
from khala.models.lm.refine_input import RefineInput
from khala.models.lm.refinement import FIRST_LEVEL, GUIDANCE_SCALE, GUIDED_LEVELS, RESIDUAL_GUIDANCE_SCALE
from khala.models.lm.windows import Window, Windows, windows_over
from khala.music.progress import Progress, silent
from khala.weights.adapters import Merging, Weighed
from khala.weights.names import SUPERRES, SUPERRES_GRAPH
from khala.weights.tensor_file import TensorFile


class Pass(NamedTuple):
    """What a pass gives (`graphs.superres`): logits [T, C], nearest [T], target [T, K]."""

    logits: NDArray[np.float32]
    nearest: NDArray[np.int64]
    target: NDArray[np.float32]


class SuperresSession:
    """Super-resolution of the model in `folder`, with adapters. Raises ModelError. Several threads may use it."""

    def __init__(
        self, folder: Path, config: TransformerConfig, codebooks: Codebooks, adapters: Sequence[Weighed] = ()
    ) -> None:
        self.config, self.codebooks = config, codebooks
        self.session = open_session(folder / SUPERRES_GRAPH, Merging(folder / SUPERRES, adapters).tensors())
        weights = TensorFile(folder / SUPERRES)
        self.embedding = weights.array("embedding.weight")
        self.conditions = ConditionTable(weights) if config.condition_rows else None
        if not config.residual:
            self.gain, self.bias = weights.array("codebooks.gain"), weights.array("codebooks.bias")
        self.tables = rotary_tables(config, config.context)

    def embed(self, one: RefineInput) -> NDArray[np.float32]:
        """Embed levels 0 and 1 by their learned rows, and the conditions; a second time with the unconditional ones
        if the take is guided -> [B, T, D]."""
        song_TD = np.zeros((one.codes.shape[1], self.config.dim), np.float32)
        for level, codes_T in enumerate(one.codes.astype(np.int64)):
            song_TD += self.embedding[codes_T + self.config.layout.level_rows(level).start]
        if self.conditions is None:
            return song_TD[None]
        both = one.condition_ids, one.uncond_condition_ids if one.guided else None
        return np.stack([song_TD + self.conditions.embed(ids) for ids in both if ids is not None])

    def run(self, level: int, **inputs: NDArray[np.float32]) -> Pass:
        """Run the pass of a level, with the inputs that do not follow from it."""
        vectors_CK, bias_C = self.codebooks.vectors(level), self.bias[level - FIRST_LEVEL]
        scale = _one(self.gain[level - FIRST_LEVEL] / self.codebooks.rms(level))
        its = {"vectors": vectors_CK, "bias": bias_C, "scale": scale}
        return Pass(*self.session.run(None, {**its, **self._rotary(inputs), **inputs}))

    def residual(self, **inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Run the only pass of a model that predicts the residual -> [T, K]."""
        (residual_TK,) = self.session.run(None, {**self._rotary(inputs), **inputs})
        scaled: NDArray[np.float32] = residual_TK * np.float32(self.codebooks.rms(0))
        return scaled

    def _rotary(self, inputs: dict[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
        positions = len(inputs["text"]) + len(inputs["latent"])
        if positions > len(self.tables[0]):
            self.tables = rotary_tables(self.config, positions)
        return dict(zip(("cos", "sin"), self.tables, strict=True))


def refine(
    model: SuperresSession,
    inputs: Sequence[RefineInput],
    windows: Windows | None = None,
    progress: Progress = silent,
    threads: int = 1,
) -> list[NDArray[np.int16]]:
    """Refine takes, codes int16 [2, T] -> [Q, T], to the codes that `generation.refine.refine` gives, up to ties.

    Progress counts levels, those of all takes and windows together. A take depends neither on its company nor on the
    number of threads. Windows go on side by side, each no further than the one before, as all that they need of it is
    the same level: codes are the same as if they came one after the other.
    """
    levels = model.config.levels
    refined = [np.zeros((levels, one.codes.shape[1]), np.int16) for one in inputs]
    stretches = [
        Stretch(model, one, window, codes_QT)
        for one, codes_QT in zip(inputs, refined, strict=True)
        for window in windows_over(one.codes.shape[1], windows)
    ]
    steps = levels - FIRST_LEVEL
    run_chains(
        lambda number, step: stretches[number].decide(FIRST_LEVEL + step),
        [stretch.window.start > 0 for stretch in stretches],
        steps,
        lambda done: progress("superres", done, steps * len(stretches)),
        threads,
    )
    return refined


class Stretch:
    """A window of a take (`engine.base.Refining`): the sum of its levels' vectors so far, and the residual that they
    left to the next level.

    The take need not be longer than the window reads: all windows of `windows_over` for the frames there are, but the
    last, stay as they are when the song goes on.
    """

    def __init__(self, model: SuperresSession, one: RefineInput, window: Window, codes_QT: NDArray[np.int16]) -> None:
        self.model, self.window, self.codes_QT = model, window, codes_QT
        self.input = one = one.between(window.first, window.last)
        codes_QT[:FIRST_LEVEL, window.start : window.stop] = one.codes[:, window.decided]
        self.latent_TK = model.codebooks.latent(one.codes)
        self.residual_TK = np.zeros_like(self.latent_TK)
        self.dense_BTD = model.embed(one)

    def text(self, level: int) -> NDArray[np.float32]:
        """The embedded prompt, its last position the marker of `level`."""
        return self.model.embedding[[*self.input.prompt_ids[:-1], self.model.config.layout.marker(level)]]

    def decide(self, level: int, pulse: Callable[[], None] = quietly) -> None:
        """Decide the codes of `level`, in a fraction of a second: there is no pulse meanwhile."""
        codes_T = self._nearest(level) if self.model.config.residual else self._chosen(level)
        window, song_T = self.window, self.codes_QT[level]
        codes_T[: window.known] = song_T[window.first : window.start]
        codes_T[len(codes_T) - window.behind :] = song_T[window.last - window.behind : window.last]
        song_T[window.start : window.stop] = codes_T[window.decided]
        self.latent_TK += self.model.codebooks.vectors(level)[codes_T]

    def _nearest(self, level: int) -> NDArray[np.int64]:
        """The codes nearest to what is left of the residual, which the pass of the first level predicts."""
        model, sampling = self.model, self.input.sampling
        if level == FIRST_LEVEL:
            residual_TK = model.residual(
                text=self.text(level),
                dense=self.dense_BTD,
                latent=self.latent_TK / np.float32(model.codebooks.rms(0)),
                guidance=_one(RESIDUAL_GUIDANCE_SCALE * (sampling.guidance - 1)),
            )
            self.residual_TK = residual_TK / np.float32(sampling.superres_temperature)
        vectors_CK = model.codebooks.vectors(level)
        codes_T = nearest(self.residual_TK, vectors_CK)
        self.residual_TK = self.residual_TK - vectors_CK[codes_T]
        return codes_T

    def _chosen(self, level: int) -> NDArray[np.int64]:
        """The codes of a pass of the level: drawn, or nearest to their mean."""
        model, window, sampling = self.model, self.window, self.input.sampling
        guided = level < GUIDED_LEVELS and len(self.dense_BTD) > 1
        logits_TC, codes_T, target_TK = model.run(
            level,
            text=self.text(level),
            dense=self.dense_BTD if guided else self.dense_BTD[:1],
            latent=self.latent_TK / np.float32(model.codebooks.rms(0)),
            residual=self.residual_TK,
            guidance=_one(GUIDANCE_SCALE * (sampling.guidance - 1)),
            temperature=_one(sampling.superres_temperature),
        )
        if sampling.superres_sampling == "top_k":
            noise = Noise(self.input.seed, level).uniform(window.last * model.config.codebook)
            uniform_TC = noise.reshape(window.last, -1)[window.first :]
            codes_T = sample(logits_TC, sampling.superres_temperature, sampling.superres_top_k, uniform_TC)
        else:
            self.residual_TK = target_TK - model.codebooks.vectors(level)[codes_T]
        return codes_T


def nearest(latent_TK: NDArray[np.float32], vectors_CK: NDArray[np.float32]) -> NDArray[np.int64]:
    """The index of the vector nearest to each latent -> [T]."""
    nearness_TC = 2 * latent_TK @ vectors_CK.T - np.square(vectors_CK).sum(-1)
    codes_T: NDArray[np.int64] = nearness_TC.argmax(-1)
    return codes_T


def sample(
    logits: NDArray[np.float32], temperature: float, top_k: int, uniform: NDArray[np.float32]
) -> NDArray[np.int64]:
    """Draw from the `top_k` likeliest of C classes as `nn.sampling`: logits, `uniform` [..., C] -> indices [...]."""
    top_k = min(top_k, logits.shape[-1])
    indices = np.argpartition(logits, -top_k, axis=-1)[..., -top_k:]
    values, drawn = (np.take_along_axis(of, indices, -1) for of in (logits, uniform))
    with np.errstate(divide="ignore"):  # of 0, which is never chosen
        noise = -np.log(-np.log(drawn))
    choice = (values / np.float32(temperature) + noise).argmax(-1)[..., None]
    return np.take_along_axis(indices, choice, -1)[..., 0]


def _one(value: float) -> NDArray[np.float32]:
    return np.array([value], np.float32)
