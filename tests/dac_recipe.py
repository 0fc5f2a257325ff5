"""A waveform codec that is trained in seconds: frames of 256 samples, four levels of 16 codes."""

from khala.models.codec.config import DacConfig
from khala.training.codec_recipe import AutoencoderRecipe, CodecRecipe, QuantizedRecipe

TINY = CodecRecipe(
    family="dac",
    model=DacConfig(
        encoder_width=4, encoder_strides=(4, 8, 8), decoder_width=32, decoder_rates=(8, 8, 4),
        dim=8, codebook=16, levels=4,
    ),
    autoencoder=AutoencoderRecipe(
        steps=30, batch=2, frames=16, rate=0.003, wave_weight=1.0, threads=1,
        log_steps=1, eval_minutes=60, test_songs=1, test_seconds=2,
    ),
    quantized=QuantizedRecipe(
        steps=25, batch=2, frames=16, rate=0.003, wave_weight=1.0, threads=1,
        log_steps=1, eval_minutes=60, test_songs=1, test_seconds=2,
        start_frames=600, start_iterations=4, commitment_weight=0.1, discriminator_share=0.01,
    ),
)  # fmt: skip
