"""What a song needs is counted from the configuration; what does not fit is refused with what would."""

from dataclasses import replace

import pytest
import torch

from khala.engine.pytorch.memory import (
    choose_mode,
    codec_bytes,
    codec_parameters,
    free_memory,
    gigabytes,
    need,
    parameters,
    takes_at_once,
    weight_bytes,
)
from khala.models.codec.config import DacConfig
from khala.models.codec.dac.codec import Dac
from khala.models.lm.backbone import Backbone
from khala.models.lm.config import TransformerConfig
from khala.models.lm.length import MARGIN
from khala.models.lm.static import StaticStepper
from khala.models.lm.superres import Superres
from khala.models.lm.windows import SONG_WINDOWS
from khala.models.presets import mini, official, tiny
from khala.music.errors import InvalidRequest
from khala.nn.precision import INT4, QUANTIZED, Formats, computes_bfloat16, unquantized_dtype
from khala.weights.loading import build_codec

CPU, CUDA = torch.device("cpu"), torch.device("cuda:0")
FLOAT32, BFLOAT16, FLOAT16, INT8 = map(Formats.uniform, (torch.float32, torch.bfloat16, torch.float16, torch.int8))
TABLES = replace(tiny().superres, codebook_dim=None, bias=True, qk_norm=False)


@pytest.mark.parametrize(
    "config",
    [
        tiny().backbone,
        tiny().superres,
        mini().superres,
        replace(mini().superres, residual=True),
        TABLES,
        replace(TABLES, tied=True),
    ],
)
def test_parameters_of_language_models_are_counted_exactly(config: TransformerConfig) -> None:
    model = (Backbone if config.levels == 2 else Superres)(config)
    vectors = 0 if config.codebook_dim is None else config.levels * config.codebook * config.codebook_dim
    assert parameters(config) == sum(weight.numel() for weight in model.parameters()) + vectors


def test_parameters_of_the_published_system() -> None:
    config = official()
    assert round(parameters(config.backbone) / 1e6) == 1616 and round(parameters(config.superres) / 1e6) == 1876
    small = DacConfig(decoder_width=96, encoder_width=8, levels=4)
    assert codec_parameters(small) == sum(tensor.numel() for tensor in build_codec(small).state_dict().values())
    assert round(codec_parameters(config.codec) / 1e6) == 265


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, *QUANTIZED])
@pytest.mark.parametrize("config", [replace(tiny().superres, ffn=64), replace(TABLES, ffn=64)])
def test_bytes_of_weights_are_counted_exactly(config: TransformerConfig, dtype: torch.dtype) -> None:
    model = Superres(config).to(unquantized_dtype(dtype))
    model = model.quantize_(dtype) if dtype in QUANTIZED else model
    scales = (buffer for name, buffer in model.named_buffers() if name.endswith(("scale_O", "groups_GO2")))
    held = [*model.parameters(), *scales]
    vectors = 0 if config.codebook_dim is None else config.levels * config.codebook * config.codebook_dim
    assert (
        weight_bytes(config, dtype) == sum(each.nbytes for each in held) + vectors * unquantized_dtype(dtype).itemsize
    )


def test_more_of_anything_needs_more() -> None:
    config = official()
    base = need(config, CUDA, BFLOAT16, 60)
    assert base.one_shot < base.keep_loaded
    assert need(config, CUDA, BFLOAT16, 180).one_shot > base.one_shot
    assert need(config, CUDA, BFLOAT16, 60, takes=8).work["backbone"] > 4 * base.work["backbone"]
    assert need(config, CUDA, FLOAT32, 60).weights["superres"] == 2 * base.weights["superres"]
    assert base.weights["backbone"] == 2 * parameters(config.backbone)
    packed = need(config, CPU, FLOAT16, 60).weights["backbone"]  # a second copy of the matrices
    assert base.weights["backbone"] < packed < 2 * base.weights["backbone"]


def test_the_cache_of_a_gpu_is_counted_exactly() -> None:
    config = tiny()
    positions = config.prompt.backbone_limit + 2 * round(MARGIN * 10 * 44100 / 2048) + 1
    held = StaticStepper(Backbone(config.backbone).bfloat16().bind_codebooks(torch.ones(2, 16, 16)), 1, positions + 31)
    one, two = (need(config, CUDA, BFLOAT16, 10, takes).work["backbone"] for takes in (1, 2))
    assert two - one == held.cache.store.numel() * 2


def test_each_part_is_counted_in_its_own_format() -> None:
    config = official()
    mixed = need(config, CUDA, Formats(torch.float32, torch.bfloat16), 60)
    wide, half = need(config, CUDA, FLOAT32, 60), need(config, CUDA, BFLOAT16, 60)
    assert (mixed.weights["backbone"], mixed.work["backbone"]) == (wide.weights["backbone"], wide.work["backbone"])
    assert (mixed.weights["superres"], mixed.work["superres"]) == (half.weights["superres"], half.work["superres"])


def test_a_guided_song_is_refined_twice() -> None:
    config = mini()
    once = replace(config, superres=replace(config.superres, condition_rows=0))
    guided, plain = (need(one, CPU, FLOAT32, 60).work["superres"] for one in (config, once))
    positions = config.prompt.superres_limit + SONG_WINDOWS.frames
    assert guided - plain == positions * 4 * config.superres.ffn * 4, "the middle of the MLP, once more, in float32"


def test_the_cache_of_a_song_in_windows_is_that_of_one() -> None:
    """Only samples and codes grow with the song."""
    config = replace(mini(), window_frames=1280)
    minute, four = (need(config, CPU, FLOAT32, seconds).work for seconds in (60, 240))
    assert minute["backbone"] == four["backbone"] and minute["superres"] == four["superres"]
    assert minute["decode"] < four["decode"]
    whole = replace(config, backbone=replace(config.backbone, context=16384), window_frames=0)
    assert need(whole, CPU, FLOAT32, 240).work["backbone"] > four["backbone"]


@pytest.mark.parametrize("there", [False, True])
def test_a_cpu_keeps_packed_halves_and_a_cache_in_float32(there: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    config = mini()
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": there})
    computes_bfloat16.cache_clear()
    needed, plain = need(config, CPU, BFLOAT16, 60), need(config, CPU, FLOAT32, 60)
    computes_bfloat16.cache_clear()
    assert needed.weights["backbone"] > 2 * parameters(config.backbone)
    more = [need(config, CPU, formats, 60, takes=9).work["backbone"] for formats in (BFLOAT16, FLOAT32)]
    assert more[0] - needed.work["backbone"] == more[1] - plain.work["backbone"]  # eight more caches


def test_a_narrower_codec_needs_less() -> None:
    small = DacConfig(decoder_width=96, encoder_width=8, levels=4)
    codec = build_codec(small)
    assert isinstance(codec, Dac)
    for dtype in (torch.float32, torch.bfloat16):
        held = sum(tensor.nbytes for tensor in codec.narrow_decoder(dtype).state_dict().values())
        assert codec_bytes(small, dtype) == held
    wide, narrow = (need(official(), CUDA, Formats(*BFLOAT16[:2], dtype), 180) for dtype in (FLOAT32[0], FLOAT16[0]))
    assert narrow.weights["decode"] < wide.weights["decode"] and narrow.work["decode"] < 0.6 * wide.work["decode"]


def test_int4_is_the_smallest() -> None:
    needed, half = (need(official(), CPU, Formats.uniform(dtype), 60) for dtype in (INT4, torch.bfloat16))
    assert needed.weights["backbone"] < 0.4 * half.weights["backbone"]
    assert needed.work["superres"] == half.work["superres"]  # nothing is widened


def test_the_mode_goes_by_the_room() -> None:
    config = official()
    needed = need(config, CUDA, BFLOAT16, 180)
    assert choose_mode(config, CUDA, BFLOAT16, 180, needed.keep_loaded) == "keep_loaded"
    assert choose_mode(config, CUDA, BFLOAT16, 180, needed.keep_loaded - 1) == "one_shot"
    assert choose_mode(config, CUDA, BFLOAT16, 180, needed.keep_loaded, "one_shot") == "one_shot"


def test_what_cannot_fit_is_refused_with_advice() -> None:
    config = official()
    needed = need(config, CUDA, FLOAT32, 180)
    with pytest.raises(
        InvalidRequest, match=r"needs .* GB of memory for a song of 180 s in float32 \(one_shot\)"
    ) as no:
        choose_mode(config, CUDA, FLOAT32, 180, needed.one_shot - 1)
    assert no.value.kind == "out-of-memory"
    assert str(no.value).endswith("choose --dtype bfloat16") and gigabytes(needed.one_shot) in str(no.value)
    half = need(config, CUDA, BFLOAT16, 180)
    with pytest.raises(InvalidRequest, match=r"choose --dtype int8$"):
        light = replace(config, codec=mini().codec)  # the published codec needs more than either language model
        choose_mode(light, CUDA, BFLOAT16, 180, need(light, CUDA, INT8, 180).one_shot)
    with pytest.raises(InvalidRequest, match=r"choose --duration 60$"):
        choose_mode(config, CUDA, INT8, 180, need(config, CUDA, INT8, 60).one_shot)
    with pytest.raises(InvalidRequest, match=r"one_shot$"):
        choose_mode(config, CUDA, BFLOAT16, 180, half.one_shot, "keep_loaded")
    with pytest.raises(InvalidRequest, match=r"a smaller model or another device$"):
        choose_mode(config, CUDA, FLOAT32, 180, 10**9)


def test_takes_at_once() -> None:
    config = official()
    room = need(config, CUDA, BFLOAT16, 180, takes=5).keep_loaded
    assert takes_at_once(config, CUDA, BFLOAT16, 180, room, "keep_loaded") == 5
    assert takes_at_once(config, CUDA, BFLOAT16, 180, room, "keep_loaded", most=3) == 3
    assert takes_at_once(config, CUDA, BFLOAT16, 180, 0, "keep_loaded") == 1
    assert takes_at_once(config, CUDA, BFLOAT16, 180, room, "one_shot") > 5


def test_this_machine_has_memory() -> None:
    assert 50 << 20 < free_memory(CPU) < 1 << 45
