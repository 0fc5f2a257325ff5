"""A model of one codec's codes, made one of another's: all that can be carried over is."""

from copy import deepcopy
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from khala.models.codec.spectral.codec import SpectralCodec
from khala.models.lm.superres import Superres
from khala.models.presets import tiny
from khala.training.recode import recode

CONFIG = tiny()
LEVELS, CODES = CONFIG.codec.levels, CONFIG.codec.codebook


@pytest.fixture
def codecs() -> tuple[SpectralCodec, SpectralCodec, Tensor]:
    """Two codecs that code all features alike, but with turned latents around another mean and with other numbers for
    the codes; and these numbers, [Q, C]: code `c` of the first is `numbers[q, c]` of the second."""
    torch.manual_seed(1)
    first, second = SpectralCodec(CONFIG.codec), SpectralCodec(CONFIG.codec)
    axes_FD = torch.linalg.qr(torch.randn(len(first.mean), CONFIG.codec.dim))[0]
    turn_DD = torch.linalg.qr(torch.randn(CONFIG.codec.dim, CONFIG.codec.dim))[0]
    moved_D = 3 * torch.randn(CONFIG.codec.dim)
    first.project, first.unproject = axes_FD, axes_FD.T
    second.project, second.unproject = axes_FD @ turn_DD, (axes_FD @ turn_DD).T
    second.mean = first.mean + axes_FD @ moved_D
    numbers_QC = torch.stack([torch.randperm(CODES) for _ in range(LEVELS)])
    for level in range(LEVELS):
        vectors_CD = torch.randn(CODES, CONFIG.codec.dim) * (2 if level == 0 else 0.8**level)
        first.codebooks[level] = vectors_CD
        second.codebooks[level, numbers_QC[level]] = (vectors_CD - (moved_D if level == 0 else 0)) @ turn_DD
    return first, second, numbers_QC


@torch.no_grad()
def model_of(codec: SpectralCodec) -> Superres:
    model = Superres(CONFIG.superres).bind_codebooks(codec.codebooks)
    assert model.codebooks and model.codebooks.bias is not None and model.codebooks.gain is not None
    model.codebooks.gain.uniform_(0.5, 1.5)
    model.codebooks.bias.copy_(1 - codec.codebooks[2:].square().sum(-1) / 2)
    return model


def test_sounds_are_what_they_were_whatever_their_codes(codecs: tuple[SpectralCodec, SpectralCodec, Tensor]) -> None:
    theirs, ours, numbers_QC = codecs
    known = model_of(theirs)
    model = deepcopy(known)
    recode(model, ours, theirs)
    model.bind_codebooks(ours.codebooks)
    codes_1QT = torch.randint(CODES, (1, LEVELS, 20))
    renamed_1QT = torch.stack([numbers_QC[q, codes_1QT[:, q]] for q in range(LEVELS)], 1)
    for levels in (1, 2, 5, LEVELS):
        torch.testing.assert_close(
            model.embed_codes(renamed_1QT[:, :levels]), known.embed_codes(codes_1QT[:, :levels]), atol=1e-5, rtol=1e-4
        )
    hidden_1TD = torch.randn(1, 20, CONFIG.superres.dim)
    for level in range(LEVELS):
        logits = model.level_logits(hidden_1TD, level)[..., numbers_QC[level]]
        torch.testing.assert_close(logits, known.level_logits(hidden_1TD, level), atol=1e-4, rtol=1e-3)


def test_a_residual_is_that_sound_in_the_space_of_the_other_codec(
    codecs: tuple[SpectralCodec, SpectralCodec, Tensor],
) -> None:
    theirs, ours, _ = codecs
    known = Superres(replace(CONFIG.superres, residual=True)).bind_codebooks(theirs.codebooks)
    model = deepcopy(known)
    recode(model, ours, theirs)
    model.bind_codebooks(ours.codebooks)
    hidden_1TD = torch.randn(1, 20, CONFIG.superres.dim)
    assert model.codebooks and known.codebooks
    told = model.codebooks.residual(hidden_1TD) @ ours.unproject
    expected = known.codebooks.residual(hidden_1TD) @ theirs.unproject
    torch.testing.assert_close(told, expected, atol=1e-5, rtol=1e-4)


def test_a_model_with_rows_for_all_codes_is_refused(codecs: tuple[SpectralCodec, SpectralCodec, Tensor]) -> None:
    with pytest.raises(ValueError, match="does not embed codes through codebooks"):
        recode(Superres(replace(CONFIG.superres, codebook_dim=None)), *codecs[:2])
