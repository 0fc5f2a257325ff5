"""The vocoder's last stage: a discriminator looks at its magnitudes, band by band, so that they get the grain of sound.

A magnitude that is likely on average is too smooth: what cannot be known, above all between the harmonics and above
5 kHz, becomes a haze. The discriminator sees log magnitudes of mid and side, not samples, so that a step needs no
phase and no inverse transform.
"""

from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

from khala.models.codec.discriminators import BandDiscriminator
from khala.models.codec.folder import save_codec
from khala.models.codec.spectral.codec import SpectralCodec
from khala.training.adversary import adversarial_losses, adversary_optimizer
from khala.training.codec_recipe import AdversaryRecipe, CodecRecipe
from khala.training.losses import Losses
from khala.training.objectives.vocoder import SpectraBatch, VocoderObjective, spectral_losses
from khala.training.optimizer import convolutional_optimizers


class AdversaryObjective(VocoderObjective):
    """Training of the vocoder of a codec against a discriminator; `save` writes the codec to `out`."""

    settings: AdversaryRecipe

    def __init__(
        self, codec: SpectralCodec, corpus: Path, recipe: CodecRecipe, settings: AdversaryRecipe, out: Path
    ) -> None:
        super().__init__(codec, corpus, replace(recipe, vocoder=settings))
        torch.manual_seed(recipe.seed)
        self.out, self.discriminator = out, BandDiscriminator(2, settings.width)
        self.model = nn.ModuleDict({"vocoder": codec.vocoder, "discriminator": self.discriminator})

    def optimizers(self) -> list[torch.optim.Optimizer]:
        return [
            *convolutional_optimizers(self.codec.vocoder, self.settings.matrix_rate, self.settings.other_rate),
            adversary_optimizer(self.discriminator, self.settings.judge_rate),
        ]

    def loss(self, batch: SpectraBatch, losses: Losses, progress: float = 1.0) -> Tensor:
        """The sum of the errors of magnitude and phase, of what the vocoder owes the discriminator by its weight, and
        of the discriminator's own loss."""
        spectra = self.codec.vocoder(batch.features_BTF)
        found = spectral_losses(self.codec, spectra, batch.mid_BSK, batch.side_BSK)
        floor = self.codec.config.floor
        made_B2SK = torch.stack([spectra.log_mid, spectra.log_side], dim=1)
        real_B2SK = torch.log(torch.stack([batch.mid_BSK, batch.side_BSK], dim=1).abs() + floor)
        judged = adversarial_losses([self.discriminator], made_B2SK, real_B2SK)
        owed = self.settings.fool_weight * judged.fool + self.settings.match_weight * judged.match
        for name, value in {**found, "fool": judged.fool, "match": judged.match, "judge": judged.judge}.items():
            losses.add(name, value)
        return torch.stack(list(found.values())).sum() + owed + judged.judge

    def save(self, weights: dict[str, Tensor], run: Path) -> Path:
        """Write the whole codec, with the vocoder as it is now."""
        save_codec(self.codec, self.out)
        return self.out / "model.safetensors"
