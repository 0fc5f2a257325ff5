"""A codec of either family, as its configuration says."""

from khala.models.codec.config import CodecConfig, DacConfig, SpectralConfig
from khala.models.codec.dac.codec import Dac
from khala.models.codec.spectral.codec import SpectralCodec


def build_codec(config: CodecConfig) -> SpectralCodec | Dac:
    """Build the codec of a configuration; its weights are not loaded."""
    match config:
        case SpectralConfig():
            return SpectralCodec(config)
        case DacConfig():
            return Dac(config)
