"""A model folder that makes noise quickly: everything in place, nothing trained."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from khala.models import Backbone, Superres, tiny
from khala.weights import save_model
from khala.weights.loading import build_codec
from khala.weights.tokenizer import Tokenizer


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Iterator[None]:
    """Threads that wait for each other make a small model slow on a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    os.environ["OMP_NUM_THREADS"] = "1"
    yield
    torch.set_num_threads(threads)
    del os.environ["OMP_NUM_THREADS"]


@pytest.fixture(autouse=True)
def interruptible() -> Iterator[None]:
    """A shell starts what it runs in the background with interrupts ignored, and so would these tests be."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    config = tiny()
    folder = tmp_path_factory.mktemp("models") / "noise"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        parts = Backbone(config.backbone), Superres(config.superres), build_codec(config.codec)
        for tensor in parts[2].state_dict().values():  # an unfitted codec is silent whatever the codes
            if tensor.is_floating_point():
                tensor.copy_(0.3 * torch.randn_like(tensor))
    save_model(folder, config, *parts, Tokenizer.of_bytes(), "# Noise\n\nFor tests.\n")
    return folder
