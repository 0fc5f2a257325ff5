"""Named configurations. A preset is a function that returns a frozen one."""

from collections.abc import Callable
from dataclasses import replace

from khala.models.codec.config import DacConfig, SpectralConfig
from khala.models.config import ModelConfig
from khala.models.lm.config import TransformerConfig
from khala.music.prompt import PromptStyle
from khala.music.request import Sampling


def official() -> ModelConfig:
    """Return the published system: 1.6 B + 1.9 B parameters and a convolutional codec."""
    backbone = TransformerConfig(
        text_vocab=128256,
        codebook=1024,
        levels=2,
        dim=2048,
        layers=24,
        heads=32,
        kv_heads=8,
        head_dim=64,
        ffn=5632,
        bias=True,
        context=25600,
    )
    superres = replace(backbone, levels=64, context=16384)
    return ModelConfig("official", backbone, superres, DacConfig(), license="see the publisher's terms")


def mini() -> ModelConfig:
    """Return Khala Mini, for two CPU cores, in training too. Text is bytes, codes are embedded through codebooks."""
    backbone = TransformerConfig(
        text_vocab=512,
        codebook=1024,
        levels=2,
        dim=256,
        layers=5,
        heads=4,
        kv_heads=2,
        head_dim=64,
        ffn=640,
        qk_norm=True,
        context=4096,
        codebook_dim=160,
        condition_rows=573,
    )
    return ModelConfig(
        "mini",
        backbone,
        replace(backbone, levels=64, residual=True),
        SpectralConfig(),
        prompt=PromptStyle(
            duration_text=True,
            superres_text="no_lyrics",
            lyrics="phones",
            supports_guidance=True,
            backbone_limit=1400,
            superres_limit=1400,
        ),
        sampling=Sampling(top_k=50, superres_sampling="mean", guidance=4.0),
        max_seconds=240.0,
    )


def tiny() -> ModelConfig:
    """Return a system for tests, with every part but nothing slow: 8 levels of 16 codes."""
    backbone = TransformerConfig(
        text_vocab=512,
        codebook=16,
        levels=2,
        dim=32,
        layers=2,
        heads=4,
        kv_heads=2,
        head_dim=8,
        ffn=48,
        qk_norm=True,
        context=2048,
        codebook_dim=16,
    )
    codec = SpectralConfig(bands=16, balance_bands=8, low_bins=16, dim=16, codebook=16, levels=8, width=16, blocks=1)
    prompt = PromptStyle(duration_text=True, backbone_limit=512, superres_limit=512)
    return ModelConfig("tiny", backbone, replace(backbone, levels=8), codec, prompt, max_seconds=30.0)


PRESETS: dict[str, Callable[[], ModelConfig]] = {"official": official, "mini": mini, "tiny": tiny}
