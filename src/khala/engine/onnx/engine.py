"""The engine without torch: models with graphs, on a CPU, in float32."""

import gc
from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from khala.audio.samples import Samples
from khala.engine.base import Mode, Written, keep_all
from khala.engine.main_memory import gigabytes, main_memory
from khala.engine.onnx.backbone import BackboneSession
from khala.engine.onnx.codebooks import Codebooks
from khala.engine.onnx.codec import BlockSynthesis, CodecSession
from khala.engine.onnx.decode import decode_takes
from khala.engine.onnx.encoding import SpectralEncoder
from khala.engine.onnx.likelihood import nats
from khala.engine.onnx.memory import MOST_TAKES, need
from khala.engine.onnx.refine import Stretch, SuperresSession, refine
from khala.engine.onnx.threads import cpu_threads
from khala.models.codec.config import SpectralConfig
from khala.models.config import ModelConfig
from khala.models.durations import DurationModel
from khala.models.lm.conditions import ConditionIds
from khala.models.lm.guide import FrameGuide
from khala.models.lm.refine_input import RefineInput
from khala.models.lm.result import BackboneResult
from khala.models.lm.slot import Slot
from khala.models.lm.windows import SONG_WINDOWS, Window, Windows
from khala.music.errors import InvalidRequest
from khala.music.progress import Progress, silent
from khala.weights.adapters import Weighed
from khala.weights.opening import OpenModel
from khala.weights.tokenizer import Tokenizer


class OnnxEngine:
    """`engine.base.Engine` of a model with graphs. A part is opened when it is first used, and stays."""

    name = "onnx"
    library = "onnxruntime", onnxruntime.__version__
    device, dtype = "cpu", "float32"
    mode: Mode = "keep_loaded"
    windows: Windows | None = SONG_WINDOWS

    def __init__(self, opened: OpenModel, seconds: float = 60.0, threads: int | None = None) -> None:
        """Raises InvalidRequest if a song of `seconds` does not fit. `threads`: by default all that the machine gives
        this process."""
        self._opened, self.threads = opened, threads or cpu_threads()
        if not self.fits(seconds):
            raise InvalidRequest(
                f"the model {self.config.name} needs {gigabytes(self._need(seconds))} of memory for a song of "
                f"{seconds:g} s, and {gigabytes(main_memory())} are free; choose a shorter song",
                "out-of-memory",
            )

    @property
    def config(self) -> ModelConfig:
        return self._opened.config

    @property
    def tokenizer(self) -> Tokenizer:
        return self._opened.tokenizer

    @property
    def digest(self) -> str:
        return self._opened.digest

    @property
    def adapters(self) -> Sequence[Weighed]:
        return self._opened.adapters

    @property
    def durations(self) -> DurationModel | None:
        return self._opened.durations

    @cached_property
    def backbone(self) -> BackboneSession:
        """Raises ModelError, as the other parts do."""
        return BackboneSession(self._opened.folder, self.config.backbone, self.adapters)

    @cached_property
    def superres(self) -> SuperresSession:
        return SuperresSession(self._opened.folder, self.config.superres, self.codebooks, self.adapters)

    @cached_property
    def codec(self) -> CodecSession:
        assert isinstance(self.config.codec, SpectralConfig)  # there is a graph
        return CodecSession(self._opened.folder, self.config.codec, self.codebooks)

    @cached_property
    def encoder(self) -> SpectralEncoder:
        assert isinstance(self.config.codec, SpectralConfig)
        return SpectralEncoder(self._opened.folder, self.config.codec, self.codebooks)

    @cached_property
    def codebooks(self) -> Codebooks:
        return Codebooks(self._opened.folder)

    def takes_at_once(self, seconds: float) -> int:
        room = main_memory()
        return next((n for n in range(MOST_TAKES, 1, -1) if self._need(seconds, n) <= room), 1)

    def fits(self, seconds: float) -> bool:
        return self._need(seconds) <= main_memory()

    def decode(
        self,
        slots: Sequence[Slot],
        guide: FrameGuide | None = None,
        progress: Progress = silent,
        wanted: Callable[[int], bool] = keep_all,
        written: Written | None = None,
    ) -> list[BackboneResult]:
        return decode_takes(self.backbone, slots, guide, progress, wanted, self.threads, written)

    def refine(self, inputs: Sequence[RefineInput], progress: Progress = silent) -> list[NDArray[np.int16]]:
        return refine(self.superres, inputs, self.windows, progress, self.threads)

    def refining(self, one: RefineInput, window: Window, codes_QT: NDArray[np.int16]) -> Stretch:
        return Stretch(self.superres, one, window, codes_QT)

    def encode(self, samples_2N: Samples, progress: Progress = silent) -> NDArray[np.int16]:
        return self.encoder.encode(samples_2N, progress, self.threads)

    def synthesis(self) -> BlockSynthesis:
        return BlockSynthesis(self.codec)

    def synthesise(self, codes_QT: NDArray[np.int16], progress: Progress = silent) -> Samples:
        return self.codec.decode(codes_QT, progress, self.threads)

    def nats(
        self,
        prompt_ids: Sequence[int],
        codes_2T: NDArray[np.int16],
        condition_ids: ConditionIds | None = None,
        progress: Progress = silent,
        since: int = 0,
    ) -> float:
        return nats(self.backbone, prompt_ids, codes_2T, condition_ids, progress, since)

    def close(self) -> None:
        for part in ("backbone", "superres", "codec", "encoder", "codebooks"):
            self.__dict__.pop(part, None)
        gc.collect()

    def _need(self, seconds: float, takes: int = 1) -> int:
        return need(self._opened.folder, self.config, seconds, takes, self.threads)
