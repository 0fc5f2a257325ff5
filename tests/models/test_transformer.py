from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from khala.models.lm.backbone import Backbone
from khala.models.lm.config import TransformerConfig
from khala.models.lm.superres import Superres
from khala.models.lm.transformer import Transformer
from khala.models.presets import tiny
from khala.weights import LoadedModel

TABLES = replace(tiny().superres, codebook_dim=None)
CODEBOOKS = replace(tiny().superres)


def make(config: TransformerConfig) -> Transformer:
    torch.manual_seed(1)
    model = Transformer(config)
    for parameter in model.parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=0.2)
    if config.codebook_dim is not None:
        scale = torch.linspace(3.0, 0.2, config.levels)[:, None, None]  # deeper levels are quieter
        model.bind_codebooks(scale * torch.randn(config.levels, config.codebook, config.codebook_dim))
    return model


@pytest.mark.parametrize("letter", ["a", "c"])
def test_published_backbone(fixtures: Path, official: Callable[..., LoadedModel], letter: str) -> None:
    backbone = official(letter).backbone
    reference = load_file(fixtures / f"official-{letter}" / "backbone_ref.safetensors")
    seen = {}
    hooks = [
        block.register_forward_hook(lambda _, ins, out, name=f"hidden.layer_{number}": seen.update({name: out}))
        for number, block in enumerate(backbone.blocks)
    ]
    seen["hidden.embedding"] = backbone.embed_tokens(reference["input_ids"][None])
    seen["hidden.final_layernorm"] = backbone(seen["hidden.embedding"], causal=True)
    seen["logits"] = backbone.logits(seen["hidden.final_layernorm"])
    for hook in hooks:
        hook.remove()
    assert {name for name in reference if name.startswith("hidden.")} == seen.keys() - {"logits"}
    for name, found in seen.items():
        assert (found[0] - reference[name]).abs().max() < 1e-4, name


@pytest.mark.parametrize(("fc1_bias", "right", "wrong"), [("auto", "doubled", ""), ("single", "", "doubled")])
def test_published_backbone_with_fc1_bias_doubled_or_not(
    fixtures: Path, official: Callable[..., LoadedModel], fc1_bias: str, right: str, wrong: str
) -> None:
    backbone = official("c", fc1_bias).backbone
    reference = load_file(fixtures / "official-c" / "backbone_ref.safetensors")
    names = {"doubled": "logits_fc1_bias_doubled", "": "logits"}
    logits = backbone.logits(backbone(backbone.embed_tokens(reference["input_ids"][None]), causal=True))[0]
    assert (logits - reference[names[right]]).abs().max() < 1e-4
    assert (logits - reference[names[wrong]]).abs().max() > 1


@pytest.mark.parametrize("letter", ["a", "c"])
def test_published_superres(fixtures: Path, official: Callable[..., LoadedModel], letter: str) -> None:
    superres = official(letter).superres
    reference = load_file(fixtures / f"official-{letter}" / "superres_ref.safetensors")
    text, codes = reference["text_ids"][None], reference["audio_codes"].transpose(0, 1)
    end = text.shape[1] + codes.shape[2]
    for level in (2, 3, 17, 63):
        x = superres.embed_song(text, codes[:, :level])
        hidden = superres(x, causal=False)
        assert (x[0] - reference[f"embedding.{level}"][:end]).abs().max() < 1e-5
        assert (hidden[0] - reference[f"hidden.{level}"][:end]).abs().max() < 1e-4
        assert torch.equal(superres.level_logits(hidden[:, text.shape[1] :], level).argmax(-1), codes[:, level])


def test_codes_add_up_level_by_level() -> None:
    model = make(TABLES)
    codes = torch.randint(0, 16, (2, 5, 7))
    rows = [model.embed_text(codes[:, q] + 512 + 16 * q) for q in range(5)]
    torch.testing.assert_close(model.embed_codes(codes), sum(rows))
    torch.testing.assert_close(model.embed_codes(codes[:, 2:], start=2), sum(rows[2:]))


def test_codebook_form_is_a_table_form_with_computed_rows() -> None:
    model = make(CODEBOOKS)
    projections = model.codebooks
    assert projections is not None and projections.vectors is not None and projections.rms is not None
    assert projections.vectors[0].square().mean().sqrt().item() == pytest.approx(1.0)
    table = make(TABLES)
    rows = [model.embedding.weight[:512], projections.vectors.flatten(0, 1) @ projections.inward.weight.T]
    rows[1][:32] += model.embedding.weight[512:]
    table.embedding.weight.data = torch.cat(rows)
    unit = projections.vectors[2:] / projections.rms[2:, None, None]
    assert unit.square().mean((1, 2)).sqrt().tolist() == pytest.approx([1.0] * 6)
    deep = projections.gain[:, None, None] * unit @ projections.outward.weight
    table.head.weight.data = torch.cat([model.head.weight, deep.flatten(0, 1)])
    table.blocks, table.norm = model.blocks, model.norm

    codes = torch.randint(0, 16, (2, 5, 7))
    text = torch.randint(0, 512, (2, 4))
    x = torch.cat([model.embed_text(text), model.embed_codes(codes)], 1)
    torch.testing.assert_close(x, torch.cat([table.embed_text(text), table.embed_codes(codes)], 1))
    torch.testing.assert_close(model.embed_codes(codes[:, 1:], start=1), table.embed_codes(codes[:, 1:], start=1))
    torch.testing.assert_close(model.token_rows(), table.token_rows()[:544])
    ids = torch.randint(0, 512 + 32, (2, 9))
    torch.testing.assert_close(model.embed_tokens(ids), table.embed_tokens(ids))
    hidden = model(x, causal=False)
    bias = torch.cat([torch.zeros(544), projections.bias.flatten()])
    torch.testing.assert_close(model.logits(hidden), table.logits(hidden) + bias, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(model.level_logits(hidden, 6), model.logits(hidden)[..., 512 + 6 * 16 : 512 + 7 * 16])


def test_codebooks_must_be_bound_must_fit_and_are_not_saved() -> None:
    model = Transformer(CODEBOOKS)
    with pytest.raises(RuntimeError, match=r"bind_codebooks\(codec.codebooks\) first"):
        model.embed_codes(torch.zeros(1, 2, 3, dtype=torch.long))
    with pytest.raises(ValueError, match=r"codebooks \[4, 16, 16\] do not fit a model of \[8, 16, 16\]"):
        model.bind_codebooks(torch.randn(4, 16, 16))
    model.bind_codebooks(torch.randn(9, 16, 16))
    assert not any("vectors" in name or "rms" in name for name in model.state_dict())
    assert model.codebooks is not None and model.codebooks.vectors is not None
    assert model.codebooks.vectors.shape == (8, 16, 16)


def test_head_rows() -> None:
    model = make(TABLES)
    hidden = torch.randn(2, 3, 32)
    whole = model.logits(hidden)
    assert whole.shape == (2, 3, 512 + 8 * 16)
    torch.testing.assert_close(model.logits(hidden, slice(500, 530)), whole[..., 500:530])
    picked = torch.tensor([3, 600, 4])
    torch.testing.assert_close(model.logits(hidden, picked), whole[..., picked])
    torch.testing.assert_close(model.level_logits(hidden, 1), whole[..., 528:544])
    assert model.bfloat16().logits(hidden.bfloat16(), picked).dtype == torch.float32


def test_causal_attention_does_not_see_what_follows_and_full_attention_does() -> None:
    model = make(TABLES)
    x = torch.randn(1, 10, 32)
    changed = x.clone()
    changed[:, 6:] += 1.0
    assert torch.equal(model(x, causal=True)[:, :6], model(changed, causal=True)[:, :6])
    assert (model(x, causal=False)[:, :6] - model(changed, causal=False)[:, :6]).abs().max() > 1e-2


@pytest.mark.parametrize("causal", [True, False])
def test_padding_on_the_right_changes_nothing(causal: bool) -> None:
    model = make(CODEBOOKS)
    x = torch.randn(2, 10, 32)
    real = torch.arange(10) < torch.tensor([10, 7])[:, None]
    hidden = model(x, causal=causal, mask_BT=None if causal else real)
    torch.testing.assert_close(hidden[1:, :7], model(x[1:, :7], causal=causal), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(hidden[:1], model(x[:1], causal=causal), rtol=1e-4, atol=1e-5)


def test_start_leaves_out_outputs_only() -> None:
    model = make(TABLES)
    x = torch.randn(2, 10, 32)
    torch.testing.assert_close(model(x, causal=False, start=4), model(x, causal=False)[:, 4:], rtol=1e-4, atol=1e-5)
    with pytest.raises(ValueError, match="for full attention"):
        model(x, causal=True, start=4)


def test_tied_rows_and_fresh_weights() -> None:
    model = Transformer(replace(TABLES, tied=True, bias=True))
    assert model.head.weight is model.embedding.weight
    assert model.embedding.weight.std().item() == pytest.approx(0.02, rel=0.05)
    block = model.blocks[0]
    assert block.mlp.down.weight.std().item() == pytest.approx(0.01, rel=0.1)  # 0.02 / sqrt(2 * 2 layers)
    assert not block.attention.qkv.bias.any()
    assert (block.attention_norm.weight == 1).all()


def test_every_weight_learns() -> None:
    model = make(CODEBOOKS)
    codes = torch.randint(0, 16, (2, 4, 6))
    x = torch.cat([model.embed_text(torch.randint(0, 512, (2, 3))), model.embed_codes(codes)], 1)
    hidden = model(x, causal=False, start=3)
    (model.logits(hidden).square().mean() + model.embed_tokens(torch.tensor([[515]])).sum()).backward()
    silent = [name for name, weight in model.named_parameters() if weight.grad is None or not weight.grad.any()]
    assert silent == []


def test_impossible_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="4 query heads do not divide into 3 groups"):
        replace(TABLES, kv_heads=3)
    with pytest.raises(ValueError, match="must be even"):
        replace(TABLES, head_dim=7)


def test_both_models_are_transformers() -> None:
    assert issubclass(Backbone, Transformer) and issubclass(Superres, Transformer)


def test_fresh_gains_are_one() -> None:
    model = Transformer(replace(tiny().backbone, qk_norm=True))
    gains = [weight for name, weight in model.named_parameters() if name.endswith("norm.weight")]
    assert len(gains) == 3 * tiny().backbone.layers + 1 and all((weight == 1).all() for weight in gains)
