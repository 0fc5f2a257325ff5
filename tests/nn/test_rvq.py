import torch

from khala.nn.rvq import ResidualVQ, nearest


def quantiser(levels: int = 5, codes: int = 16, dim: int = 6) -> ResidualVQ:
    vq = ResidualVQ(levels, codes, dim)
    generator = torch.Generator().manual_seed(1)
    vq.codebooks.copy_(
        torch.randn(levels, codes, dim, generator=generator) * 0.5 ** torch.arange(levels)[:, None, None]
    )
    return vq


def test_nearest_is_the_euclidean_arg_min():
    points, book = torch.randn(50, 6), torch.randn(16, 6)
    assert torch.equal(nearest(points, book), torch.cdist(points, book).argmin(1))


def test_each_level_codes_what_is_left_over():
    vq = quantiser()
    latent = torch.randn(2, 6, 7)
    codes = vq.encode(latent)
    assert codes.shape == (2, 5, 7)
    residual = latent[1, :, 3].clone()
    for level in range(5):
        code = (vq.codebooks[level] - residual).norm(dim=1).argmin()
        assert codes[1, level, 3] == code
        residual -= vq.codebooks[level][code]
    assert torch.allclose(latent[1, :, 3] - vq.decode(codes)[1, :, 3], residual, atol=1e-5)


def test_every_level_lowers_the_error():
    vq = quantiser()
    # A zero vector in every book lets a level do no harm.
    vq.codebooks[:, 0] = 0
    latent = torch.randn(1, 6, 40)
    codes = vq.encode(latent)
    errors = [(latent - vq.decode(codes[:, :levels])).square().mean().item() for levels in range(6)]
    assert errors == sorted(errors, reverse=True) and errors[-1] < errors[0] / 2


def test_fewer_levels_are_the_first_of_all_levels():
    vq, latent = quantiser(), torch.randn(1, 6, 9)
    assert torch.equal(vq.encode(latent, 2), vq.encode(latent)[:, :2])


def test_decode_is_the_sum_of_vectors_for_any_integer_type():
    vq = quantiser()
    codes = torch.randint(0, 16, (1, 5, 4))
    expected = sum(vq.codebooks[level, codes[0, level, 2]] for level in range(5))
    assert torch.allclose(vq.decode(codes.to(torch.int16))[0, :, 2], expected)
