"""The recogniser of sung phones without torch."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from khala.audio.samples import Samples
from khala.engine.onnx.session import open_session
from khala.models.recogniser.features import features
from khala.weights.names import RECOGNISER_GRAPH

Heads = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Log probabilities [T, 1 + phones] of both heads: `ctc`, read as a transcript, and `frames`, the phone of each."""


class RecogniserSession:
    """The recogniser in `folder`. Raises ModelError. Several threads may use it at once."""

    def __init__(self, folder: Path) -> None:
        self._session = open_session(folder / RECOGNISER_GRAPH)

    def listen(self, samples_CN: Samples) -> Heads:
        """Recognise the phones of a whole song, [1 or 2, N] at 44.1 kHz, on the calling thread."""
        return self.network(features(samples_CN))

    def network(self, features_SF: NDArray[np.float32]) -> Heads:
        """Run the graph over features."""
        ctc_TC, frames_TC = self._session.run(["ctc", "frames"], {"features": features_SF})
        return ctc_TC, frames_TC
