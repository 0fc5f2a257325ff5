"""Uploaded songs in the stages of a take: what the backbone and super-resolution would write is encoded."""

import io

import numpy as np
import soundfile
from numpy.typing import NDArray

from khala.generation.encoding import encode_song
from khala.generation.pipeline import Pipeline
from khala.jobs.records import Claim

FILE = "audio.flac"
"""Kind of the file that was uploaded (`jobs.records.SOURCE`)."""


def is_upload(claim: Claim) -> bool:
    """Return whether the take is the song in a file."""
    return claim.origin is not None and claim.origin.rework is None


def encoded(pipeline: Pipeline, claim: Claim) -> NDArray[np.int16]:
    """Return the codes [Q, T] of an uploaded song."""
    samples_NC, rate = soundfile.read(io.BytesIO(claim.sources[FILE]), dtype="float32", always_2d=True)
    return encode_song(pipeline.engine, np.ascontiguousarray(samples_NC.T), rate)
