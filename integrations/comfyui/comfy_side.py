"""What ComfyUI brings: its audio type, its progress bar and its button to interrupt. Imported when a node runs."""

import io
import wave
from collections.abc import Callable
from typing import Any


def to_audio(wav: bytes) -> dict[str, Any]:
    """Return a WAV file of 24 bits as ComfyUI's AUDIO: `waveform` float32 [1, channels, n], `sample_rate` in Hz."""
    import numpy as np
    import torch

    with wave.open(io.BytesIO(wav)) as file:
        channels, rate, content = file.getnchannels(), file.getframerate(), file.readframes(file.getnframes())
    bytes_N3 = np.frombuffer(content, np.uint8).reshape(-1, 3)
    padded_N4 = np.pad(bytes_N3, ((0, 0), (1, 0)))
    samples_NC = (padded_N4.view("<i4") / 2.0**31).astype(np.float32).reshape(-1, channels)
    return {"waveform": torch.from_numpy(np.ascontiguousarray(samples_NC.T)[None]), "sample_rate": rate}


def progress() -> Callable[[float], None]:
    """Return what hears of a song's progress, 0..1: ComfyUI's bar. It raises when the user interrupts the workflow."""
    from comfy.model_management import throw_exception_if_processing_interrupted
    from comfy.utils import ProgressBar

    bar = ProgressBar(100)

    def tell(done: float) -> None:
        throw_exception_if_processing_interrupted()
        bar.update_absolute(round(100 * done), 100)

    return tell
