"""The engine of PyTorch: every model, on a CPU, CUDA or MPS."""

import gc
from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from khala.audio.samples import Samples
from khala.engine.base import Mode, Written, keep_all
from khala.engine.pytorch.decode import decode_backbone
from khala.engine.pytorch.encoding import encode
from khala.engine.pytorch.likelihood import nats
from khala.engine.pytorch.memory import free_memory, need, takes_at_once
from khala.engine.pytorch.refine import Passes, refine
from khala.engine.pytorch.staged import StagedModel
from khala.engine.pytorch.synthesis import ChunkSynthesis, synthesise
from khala.models.config import ModelConfig
from khala.models.durations import DurationModel
from khala.models.lm.conditions import ConditionIds
from khala.models.lm.guide import FrameGuide
from khala.models.lm.refine_input import RefineInput
from khala.models.lm.result import BackboneResult
from khala.models.lm.row_work import RowWork
from khala.models.lm.slot import Slot
from khala.models.lm.windows import SONG_WINDOWS, Window, Windows
from khala.music.progress import Progress, silent
from khala.weights.adapters import Weighed
from khala.weights.loading import LoadedModel
from khala.weights.tokenizer import Tokenizer


class TorchEngine:
    """`engine.base.Engine` of a loaded model. With compiled `row_work`, passes of super-resolution go through it."""

    library = "torch", torch.__version__
    threads = 1  # PyTorch spreads a pass over its own

    def __init__(self, loaded: LoadedModel | StagedModel, row_work: RowWork | None = None) -> None:
        self.loaded, self._row_work = loaded, row_work
        self.name = "torch" if row_work is None else "torch-compiled"
        # The published model is defined by passes over the whole song.
        self.windows: Windows | None = SONG_WINDOWS if loaded.config.origin is None else None

    @property
    def config(self) -> ModelConfig:
        return self.loaded.config

    @property
    def tokenizer(self) -> Tokenizer:
        return self.loaded.tokenizer

    @property
    def digest(self) -> str:
        return self.loaded.digest

    @property
    def adapters(self) -> Sequence[Weighed]:
        return self.loaded.adapters

    @property
    def durations(self) -> DurationModel | None:
        return self.loaded.durations

    @property
    def device(self) -> str:
        return str(self.loaded.device)

    @property
    def dtype(self) -> str:
        return str(self.loaded.formats)

    @property
    def mode(self) -> Mode:
        return "one_shot" if isinstance(self.loaded, StagedModel) else "keep_loaded"

    def takes_at_once(self, seconds: float) -> int:
        device, formats = self.loaded.device, self.loaded.formats
        rows = takes_at_once(self.config, device, formats, seconds, free_memory(device), self.mode)
        return max(rows // 2, 1) if self.config.prompt.supports_guidance else rows

    def fits(self, seconds: float) -> bool:
        needed = need(self.config, self.loaded.device, self.loaded.formats, seconds)
        return needed.of(self.mode) <= free_memory(self.loaded.device)

    def decode(
        self,
        slots: Sequence[Slot],
        guide: FrameGuide | None = None,
        progress: Progress = silent,
        wanted: Callable[[int], bool] = keep_all,
        written: Written | None = None,
    ) -> list[BackboneResult]:
        return decode_backbone(self.loaded.backbone, slots, guide, progress, wanted, written)

    def refine(self, inputs: Sequence[RefineInput], progress: Progress = silent) -> list[NDArray[np.int16]]:
        codebooks_QCK = self.loaded.codebooks  # before super-resolution is there: a staged model holds one part
        superres = self.loaded.superres
        return refine(superres, inputs, codebooks_QCK, progress, windows=self.windows, row_work=self._row_work)

    def refining(self, one: RefineInput, window: Window, codes_QT: NDArray[np.int16]) -> Passes:
        codebooks_QCK = self.loaded.codebooks
        return Passes(self.loaded.superres, one, window, codes_QT, codebooks_QCK, self._row_work)

    def encode(self, samples_2N: Samples, progress: Progress = silent) -> NDArray[np.int16]:
        return encode(self.loaded.codec, samples_2N, progress)

    def synthesis(self) -> ChunkSynthesis:
        return ChunkSynthesis(self.loaded.codec)

    def synthesise(self, codes_QT: NDArray[np.int16], progress: Progress = silent) -> Samples:
        return synthesise(self.loaded.codec, codes_QT, progress=progress)

    def nats(
        self,
        prompt_ids: Sequence[int],
        codes_2T: NDArray[np.int16],
        condition_ids: ConditionIds | None = None,
        progress: Progress = silent,
        since: int = 0,
    ) -> float:
        return nats(self.loaded.backbone, prompt_ids, codes_2T, condition_ids, progress, since)

    def close(self) -> None:
        device = self.loaded.device
        del self.loaded
        gc.collect()
        if device.type == "cuda":
            torch.cuda.empty_cache()
