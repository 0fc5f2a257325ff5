"""From recordings to a song, by command: a model whose codec is a trained one of the `dac` family."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from khala.cli.main import run as khala
from khala.models.codec.config import DacConfig
from khala.weights import load_model

RECIPE = """
preset = "tiny"
[codec.model]
encoder_width = 4
decoder_width = 32
dim = 16
codebook = 16
levels = 8
[codec.autoencoder]
steps = 2
batch = 1
frames = 4
threads = 1
test_songs = 1
test_seconds = 1
[codec.quantized]
steps = 2
batch = 1
frames = 4
threads = 1
test_songs = 1
test_seconds = 1
start_frames = 64
discriminator_share = 0.01
[backbone]
steps = 2
batch_tokens = 300
micro_batch_tokens = 150
max_frames = 20
threads = 1
[superres]
steps = 2
batch_tokens = 300
micro_batch_tokens = 150
max_frames = 20
threads = 1
"""


def record(folder: Path) -> None:
    """Four recordings of 6 s, two of them mono, at three sample rates."""
    folder.mkdir()
    for number, (rate, channels) in enumerate(((44100, 2), (48000, 1), (22050, 2), (44100, 1))):
        noise = np.random.default_rng(number).uniform(-0.3, 0.3, (6 * rate, channels))
        soundfile.write(folder / f"piece-{number}.wav", noise, rate)
        (folder / f"piece-{number}.json").write_text(json.dumps({"tags": ["noise"], "instrumental": True}))


def test_recordings_become_a_model_that_makes_songs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    record(tmp_path / "recordings")
    (tmp_path / "recipe.toml").write_text(RECIPE)
    for command in (
        "corpus ingest recordings --out run/corpus",
        "train codec recipe.toml --run run --family dac",
        "corpus tokenize run/corpus --codec run/codec --out run/tokens",
        "train backbone recipe.toml --run run --set codec.family=dac",
        "train superres recipe.toml --run run --set codec.family=dac",
        "train assemble recipe.toml --run run --set codec.family=dac",
        "generate --model run/model --tags noise --instrumental --duration 5 --seed 1 -o song.wav",
    ):
        assert khala(command.split()) == 0, command + capfd.readouterr().err
    config = DacConfig(encoder_width=4, decoder_width=32, dim=16, codebook=16, levels=8)
    assert load_model(tmp_path / "run" / "model").config.codec == config
    assert soundfile.info(tmp_path / "song.wav").channels == 2


def test_a_corpus_without_recordings_is_refused_in_one_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "recipe.toml").write_text(RECIPE)
    (tmp_path / "corpus").mkdir()
    command = ["train", "codec", str(tmp_path / "recipe.toml"), "--run", str(tmp_path), "--family", "dac"]
    assert khala(command) == 2
    message = capfd.readouterr().err
    assert message.count("\n") == 1 and "holds 0 songs" in message and "khala corpus synth or ingest" in message
