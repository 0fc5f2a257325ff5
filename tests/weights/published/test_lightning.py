"""The codec's file: what it is made into, and what is refused. That its sounds are right is tested in tests/models."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from khala.models.codec.config import DacConfig
from khala.models.codec.dac.codec import Dac
from khala.music.errors import ModelError
from khala.weights.published.lightning import CodecFile
from khala.weights.tensors import stored_tensors

Content = dict[str, Any]
G = "generator."
BOOK = "generator.quantizer.vq_layer_{}._codebook.{}"


@pytest.fixture(scope="module")
def content(fixtures: Path) -> Content:
    path = fixtures / "official-a" / "checkpoints" / "dac_rvq_2490000.ckpt"
    saved: Content = torch.load(path, weights_only=True)
    return saved


def read(path: Path) -> dict[str, Tensor]:
    with CodecFile(path, path.parent) as file:
        with torch.device("meta"):
            shapes = {name: tuple(tensor.shape) for name, tensor in stored_tensors(Dac(file.config)).items()}
        file.require(shapes)
        return {name: file.make(name, shape) for name, shape in shapes.items()}


def test_sizes_are_those_of_the_tensors_and_weight_norm_is_folded(tmp_path: Path, content: Content) -> None:
    torch.save({"state_dict": content["state_dict"]}, tmp_path / "x.ckpt")
    with CodecFile(tmp_path / "x.ckpt", tmp_path) as file:
        assert file.config == DacConfig(encoder_width=4, decoder_width=96, dim=16, codebook=32)
        assert "mel_window" in file.ignored and len(file.ignored) == 7
    tensors, state = read(tmp_path / "x.ckpt"), content["state_dict"]
    name = "decoder.model.1.block.1."
    direction, length = state[f"{G}{name}weight_v"], state[f"{G}{name}weight_g"]
    wanted = length * direction / direction.norm(dim=(1, 2), keepdim=True)
    torch.testing.assert_close(tensors["decoder.1.block.1.weight"], wanted)
    assert torch.equal(tensors["quantizer.codebooks"][5], state[BOOK.format(5, "embed")])


def test_the_published_configuration_is_what_the_tensors_tell(fixtures: Path) -> None:
    folder = fixtures / "official-a"
    said = json.loads((folder / "constants.json").read_text())
    codec = said["config"]["codec"]
    with CodecFile(folder / "checkpoints" / "dac_rvq_2490000.ckpt", folder) as file:
        assert file.config == DacConfig(
            encoder_width=codec["enc_filters"],
            encoder_strides=tuple(codec["strides"]),
            decoder_width=codec["dec_filters"] << len(codec["rates"]),
            decoder_rates=tuple(codec["rates"]),
            dim=codec["d_latent"],
            codebook=said["codebook_size"],
            levels=said["num_quantizers"],
        )


def test_half_precision_is_widened(tmp_path: Path, content: Content) -> None:
    name = f"{G}encoder.block.0.bias"
    torch.save({"state_dict": content["state_dict"] | {name: content["state_dict"][name].half()}}, tmp_path / "x.ckpt")
    assert read(tmp_path / "x.ckpt")["encoder.0.bias"].dtype == torch.float32


def change(name: str, edit: Callable[[Tensor], Tensor | None]) -> Callable[[Content], Content]:
    def changed(state: Content) -> Content:
        edited = edit(state.get(name, torch.zeros(1)).clone())
        return {key: value for key, value in {**state, name: edited}.items() if value is not None}

    return changed


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (change(f"{G}decoder.model.0.bias", lambda t: None), "decoder.model.0.bias is missing"),
        (change(f"{G}encoder.block.6.weight_g", lambda t: None), "encoder.block.6.weight_g is missing"),
        (change(BOOK.format(3, "embed"), lambda t: None), r"vq_layer_63\._codebook\.embed is unknown|embed is missing"),
        (change(f"{G}decoder.model.0.bias", lambda t: t[1:]), r"has shape \[95\]; it should be \[96\]"),
        (change(f"{G}decoder.tanh.weight", lambda t: t), "decoder.tanh.weight is unknown to the published codec"),
        (change(f"{G}decoder.model.0.bias", lambda t: t * float("nan")), "holds NaN or infinity"),
        (change(f"{G}encoder.block.6.weight_v", lambda t: t * 0), "weight norm of encoder.6.weight gives NaN"),
        (change(f"{G}encoder.block.0.bias", lambda t: t.long()), "holds torch.int64, not weights"),
        (change(BOOK.format(9, "inited"), lambda t: t * 0), "the codebook of level 9 was never fitted"),
        (change(f"{G}decoder.model.4.block.1.weight_v", lambda t: None), r"rates \(8, 8, 8\)"),
        (change(f"{G}encoder.block.0.weight_v", lambda t: t[0]), "is not a convolution"),
        (lambda state: {}, "not those of a published codec"),
    ],
)
def test_what_is_no_published_codec_is_refused(
    tmp_path: Path, content: Content, edit: Callable[[Content], Content], message: str
) -> None:
    torch.save({"state_dict": edit(content["state_dict"])}, tmp_path / "x.ckpt")
    with pytest.raises(ModelError, match=message):
        read(tmp_path / "x.ckpt")


@pytest.mark.parametrize("saved", [None, [1], {}, {"state_dict": [1]}])
def test_a_file_of_something_else_is_refused(tmp_path: Path, saved: Any) -> None:
    torch.save(saved, tmp_path / "x.ckpt")
    with pytest.raises(ModelError, match="holds no state_dict: it is not a codec"):
        read(tmp_path / "x.ckpt")


def test_the_old_kind_of_file_is_refused(tmp_path: Path) -> None:
    torch.save({}, tmp_path / "x.ckpt", _use_new_zipfile_serialization=False)
    with pytest.raises(ModelError, match="is damaged or truncated"):
        read(tmp_path / "x.ckpt")
