"""The same random weights in every form that Megatron writes them, imported; and what the arguments say."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from megatron import ARGUMENTS, draw, write_checkpoint

from khala.models.lm.backbone import Backbone
from khala.models.lm.config import TransformerConfig
from khala.music.errors import ModelError
from khala.weights.published.megatron import naming
from khala.weights.published.megatron.arguments import transformer_config
from khala.weights.published.megatron.shards import Checkpoint
from khala.weights.tensors import stored_tensors

SIZES = {"text_vocab": 512, "codebook": 32, "levels": 2}
ROWS = 576


def read(folder: Path, **changes: Any) -> tuple[dict[str, torch.Tensor], TransformerConfig]:
    """All tensors of the checkpoint in `folder`, as ours."""
    checkpoint = Checkpoint(folder, folder)
    qk_norm = naming.has_qk_norm(checkpoint)
    config = transformer_config(checkpoint.arguments, "x", **SIZES, qk_norm=qk_norm)
    with torch.device("meta"):
        shapes = {name: tuple(tensor.shape) for name, tensor in stored_tensors(Backbone(config)).items()}
    made = naming.recipes(checkpoint, config, shapes, doubled=False, **changes)
    return {name: naming.make(checkpoint, made, config, name) for name in shapes}, config


@pytest.fixture
def plain(tmp_path: Path) -> dict[str, torch.Tensor]:
    write_checkpoint(tmp_path / "plain", ROWS)
    return read(tmp_path / "plain")[0]


@pytest.mark.parametrize("ranks", [1, 2, 4])
@pytest.mark.parametrize("stacked", [False, True])
@pytest.mark.parametrize("split", [False, True])
def test_every_form_gives_the_same_tensors(
    tmp_path: Path, plain: dict[str, torch.Tensor], ranks: int, stacked: bool, split: bool
) -> None:
    write_checkpoint(tmp_path / "form", ROWS, ranks=ranks, stacked=stacked, split=split)
    tensors, _ = read(tmp_path / "form")
    assert tensors.keys() == plain.keys()
    for name, tensor in plain.items():
        assert tensor.dtype == torch.bfloat16 and torch.equal(tensors[name], tensor), name


def test_rows_of_qkv_are_sorted_by_kind(tmp_path: Path, plain: dict[str, torch.Tensor]) -> None:
    there = draw(ROWS)("0.self_attention.linear_qkv.bias", (32,)).view(2, 4, 4)  # groups, heads of a group + 2, width
    ours = plain["blocks.0.attention.qkv.bias"].view(8, 4)
    assert torch.equal(ours[:4], there[:, :2].flatten(0, 1))
    assert torch.equal(ours[4:6], there[:, 2]) and torch.equal(ours[6:], there[:, 3])


def test_rows_of_padding_are_left_out(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, 640, ranks=2)
    tensors, _ = read(tmp_path)
    assert torch.equal(tensors["embedding.weight"], draw(640)("embedding", (640, 16))[:ROWS])
    assert torch.equal(tensors["head.weight"], draw(640)("head", (640, 16))[:ROWS])


def test_tied_heads_norms_of_queries_and_keys_and_models_without_bias(tmp_path: Path) -> None:
    arguments = {"untie_embeddings_and_output_weights": False, "add_bias_linear": False, "add_qkv_bias": False}
    write_checkpoint(tmp_path, ROWS, arguments={**arguments, "qk_layernorm": True}, stacked=True)
    tensors, config = read(tmp_path)
    assert config.tied and config.qk_norm and not config.bias
    assert "head.weight" not in tensors and not any(name.endswith("bias") for name in tensors)
    weight = tensors["blocks.1.attention.qk_norm.weight"]
    query, key = (draw(ROWS)(f"1.self_attention.{kind}_layernorm.weight", (4,)) for kind in "qk")
    assert torch.equal(weight, torch.stack([query] * 4 + [key] * 2))


def test_norms_of_queries_and_keys_are_taken_from_the_tensors(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, ROWS, arguments={"qk_layernorm": True})
    checkpoint = Checkpoint(tmp_path, tmp_path)
    silent = {**checkpoint.arguments, "qk_layernorm": False}
    assert transformer_config(silent, "x", **SIZES, qk_norm=naming.has_qk_norm(checkpoint)).qk_norm


def test_queries_are_not_grouped_unless_the_arguments_say_so(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, ROWS, arguments={"group_query_attention": False, "num_query_groups": 1})
    tensors, config = read(tmp_path)
    assert config.kv_heads == 4 and tensors["blocks.0.attention.qkv.weight"].shape == (48, 16)


def test_a_release_folder_and_folders_without_a_tracker(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, ROWS, name="release", iteration=7)
    assert Checkpoint(tmp_path, tmp_path).iteration == 7
    (tmp_path / "latest_checkpointed_iteration.txt").unlink()
    assert Checkpoint(tmp_path, tmp_path).folder.name == "release"
    write_checkpoint(tmp_path, ROWS, name="iter_0000009", iteration=9)
    assert Checkpoint(tmp_path, tmp_path).iteration == 9
    (tmp_path / "latest_checkpointed_iteration.txt").unlink()
    with pytest.raises(ModelError, match="2 checkpoints and no latest_checkpointed"):
        Checkpoint(tmp_path, tmp_path)


def test_states_that_only_the_training_needs_are_ignored(tmp_path: Path) -> None:
    writer = write_checkpoint(tmp_path, ROWS)
    writer.add("optimizer.state.exp_avg.decoder.final_layernorm.weight", torch.zeros(16), (16,), (0,), "__0_0.distcp")
    writer.finish(ARGUMENTS, 36000, True)
    checkpoint = Checkpoint(tmp_path, tmp_path)
    assert {name.partition("/")[0] for name in checkpoint.others} == {
        *(f"decoder.layers.{layer}.mlp.linear_fc1._extra_state" for layer in (0, 1)),
        "rng_state",
    }
    read(tmp_path)


def test_rope_scaling_epsilon_and_base_are_the_arguments_unless_stated() -> None:
    arguments = {**ARGUMENTS, "norm_epsilon": 1e-5, "rotary_base": 10000, "use_rope_scaling": True}
    config = transformer_config(arguments, "x", **SIZES, qk_norm=False)
    assert (config.norm_eps, config.rope_base, config.rope_scaling) == (1e-5, 10000.0, 8.0)
    stated = transformer_config(arguments, "x", **SIZES, qk_norm=False, norm_eps=1e-6, rope_scaling=1.0)
    assert stated == replace(config, norm_eps=1e-6, rope_scaling=1.0)
    assert transformer_config(ARGUMENTS, "x", **SIZES, qk_norm=False).rope_scaling == 1.0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"normalization": "LayerNorm"}, "normalization is 'LayerNorm'; only 'RMSNorm' is supported"),
        ({"swiglu": False}, "swiglu is False"),
        ({"num_experts": 8}, "num_experts is 8"),
        ({"add_bias_linear": False}, "a bias on qkv alone"),
        ({"num_layers": 10**9}, "the argument num_layers is 1000000000, which no model has"),
        ({"hidden_size": -1}, "the argument hidden_size is -1"),
        ({"hidden_size": "64"}, "the argument hidden_size is '64'"),
        ({"num_layers": 10**5000}, "the argument num_layers is int"),
        ({"norm_epsilon": 10**400}, "the argument norm_epsilon is int"),
        ({"kv_channels": [4]}, "the argument kv_channels is list"),
        ({"norm_epsilon": float("nan")}, "the argument norm_epsilon is nan"),
        ({"kv_channels": 5}, "head_dim 5 must be even"),
        ({"num_query_groups": 3}, "4 query heads do not divide into 3 groups"),
    ],
)
def test_arguments_of_another_kind_of_model_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match=f"^here: .*{message}"):
        transformer_config({**ARGUMENTS, **changes}, "here", **SIZES, qk_norm=False)
    missing = {name: value for name, value in ARGUMENTS.items() if name != next(iter(changes))}
    if next(iter(changes)) in ("num_layers", "hidden_size", "kv_channels", "norm_epsilon", "num_query_groups"):
        with pytest.raises(ModelError, match="is None, which no model has"):
            transformer_config(missing, "here", **SIZES, qk_norm=False)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"without": ["decoder.layers.1.mlp.linear_fc2.bias"]}, "layers.1.mlp.linear_fc2.bias is missing"),
        ({"without": ["output_layer.weight"]}, "output_layer.weight is missing"),
        ({"without": ["decoder.layers.0.mlp.linear_fc1.weight_v"]}, "layers.0.mlp.linear_fc1.weight_v is missing"),
        ({"rows": 575}, r"word_embeddings.weight has shape \[575, 16\]; by its arguments \[576, 16\] or more rows"),
        ({"numbers": draw(1, torch.float64)}, "word_embeddings.weight holds torch.float64"),
        ({"numbers": lambda name, shape: torch.zeros(shape, dtype=torch.int64)}, "holds torch.int64, not weights"),
    ],
)
def test_tensors_that_do_not_make_the_model_are_refused(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    write_checkpoint(tmp_path, changes.pop("rows", ROWS), **changes)
    with pytest.raises(ModelError, match=message):
        read(tmp_path)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("num_layers", 1, "the tensor decoder.layers.1.mlp.linear_fc1.bias_v is unknown to this kind of model"),
        ("num_layers", 3, "the tensor decoder.layers.2.self_attention.linear_qkv.layer_norm_weight is missing"),
        ("hidden_size", 32, r"has shape \[576, 16\]; by its arguments \[576, 32\]"),
        ("ffn_hidden_size", 20, r"linear_fc1.weight_w has shape \[24, 16\]; by its arguments \[20, 16\]"),
        ("qk_layernorm", True, "q_layernorm.weight is missing"),
        ("untie_embeddings_and_output_weights", False, "the tensor output_layer.weight is unknown"),
    ],
)
def test_arguments_that_contradict_the_tensors_are_refused(tmp_path: Path, name: str, value: Any, message: str) -> None:
    writer = write_checkpoint(tmp_path, ROWS)
    writer.finish({**ARGUMENTS, name: value}, 36000, True)
    with pytest.raises(ModelError, match=message):
        read(tmp_path)


def test_a_form_that_is_not_the_one_it_says_is_refused(tmp_path: Path) -> None:
    writer = write_checkpoint(tmp_path, ROWS, stacked=True)
    writer.finish(ARGUMENTS, 36000, per_layer=None)
    read(tmp_path)
    writer.finish(ARGUMENTS, 36000, per_layer=True)
    with pytest.raises(ModelError, match="content_metadata says one tensor per layer, its names say otherwise"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("start", "shape", "message"),
    [
        ((8,), (8,), r"chunks of the tensor extra do not fill its shape \[16\]"),
        ((16,), (16,), "a chunk of the tensor extra lies outside"),
    ],
)
def test_tensors_with_holes_are_refused(
    tmp_path: Path, start: tuple[int, ...], shape: tuple[int, ...], message: str
) -> None:
    writer = write_checkpoint(tmp_path, ROWS)
    writer.add("extra", torch.zeros(shape), (16,), start, "__0_0.distcp")
    writer.finish(ARGUMENTS, 36000, True)
    with pytest.raises(ModelError, match=message):
        Checkpoint(tmp_path, tmp_path)


def test_chunks_that_overlap_or_are_another_than_metadata_says_are_refused(tmp_path: Path) -> None:
    writer = write_checkpoint(tmp_path, ROWS)
    for start in (0, 4):
        writer.add("extra", torch.zeros(8), (16,), (start,), "__0_0.distcp")
    writer.finish(ARGUMENTS, 36000, True)
    with pytest.raises(ModelError, match="chunks of the tensor extra overlap"):
        Checkpoint(tmp_path, tmp_path)
    del writer.tensors["extra"]
    swapped = {index.fqn: index for index in writer.places}
    norm, bias = (
        swapped[f"decoder.layers.0.{name}"]
        for name in ("self_attention.linear_qkv.layer_norm_weight", "self_attention.linear_qkv.bias")
    )
    writer.places[norm] = writer.places[bias]
    writer.finish(ARGUMENTS, 36000, True)
    with pytest.raises(ModelError, match=r"layer_norm_weight is torch.bfloat16 \[32\]; .metadata says .* \[16\]"):
        read(tmp_path)


def deep() -> Any:
    """A value that cannot be hashed or written down without ending the interpreter."""
    value: Any = ()
    for _ in range(100_000):
        value = (value,)
    return value


def test_values_of_hostile_depth_are_refused(tmp_path: Path) -> None:
    from khala.weights.published.megatron.metadata import _METADATA, _places
    from khala.weights.published.unpickle import Call

    index, info = Call(_METADATA + "MetadataIndex", (), {"fqn": deep()}), Call("x", (), {"relative_path": "a"})
    with pytest.raises(TypeError, match="a name that is not text"):
        _places({index: info})
    with pytest.raises(ModelError, match="the argument hidden_size is tuple"):
        transformer_config({**ARGUMENTS, "hidden_size": deep()}, "here", **SIZES, qk_norm=False)
    with pytest.raises(ModelError, match="softmax_type is tuple"):
        transformer_config({**ARGUMENTS, "softmax_type": deep()}, "here", **SIZES, qk_norm=False)
