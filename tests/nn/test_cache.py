import pytest
import torch

from khala.nn.cache import KVCache


def fill(cache: KVCache, slot: int, first: int, count: int) -> None:
    for layer, (row,) in enumerate(cache.rows([slot], count)):
        numbers = torch.arange(first, first + count, dtype=torch.float32)[:, None, None] + 100 * layer
        row.new_keys_TGK.copy_(numbers.expand(-1, 2, 3))
        row.new_values_TGK.copy_(-numbers.expand(-1, 2, 3))
    cache.advance([slot], count)


def test_slots_keep_what_was_written_and_know_their_lengths() -> None:
    cache = KVCache(layers=2, slots=2, kv_heads=2, context=8, head_dim=3)
    fill(cache, 0, 0, 5)
    fill(cache, 1, 50, 2)
    fill(cache, 0, 5, 1)
    assert cache.lengths == [6, 2]
    rows = cache.rows([1, 0], 1)
    assert [tuple(row.values_GNK.shape) for row in rows[1]] == [(2, 3, 3), (2, 7, 3)]
    assert rows[1][1].keys_GKN[0, 0, :6].tolist() == [100, 101, 102, 103, 104, 105]
    assert rows[0][0].values_GNK[1, :2, 2].tolist() == [-50, -51]
    assert rows[0][0].new_keys_TGK.data_ptr() == rows[0][0].keys_GKN[:, :, 2:].data_ptr()


def test_copy_makes_slots_equal_and_independent() -> None:
    cache = KVCache(layers=2, slots=2, kv_heads=2, context=8, head_dim=3)
    fill(cache, 0, 0, 4)
    cache.copy(0, 1)
    fill(cache, 1, 70, 1)
    assert cache.lengths == [4, 5]
    (_, (zero, one)) = cache.rows([0, 1], 1)
    assert one.keys_GKN[0, 0, :5].tolist() == [100, 101, 102, 103, 170]
    assert zero.keys_GKN[0, 0, :4].tolist() == [100, 101, 102, 103]
    assert not zero.keys_GKN[0, :, 4].any()


def test_no_room_is_an_error() -> None:
    cache = KVCache(layers=1, slots=1, kv_heads=1, context=4, head_dim=2)
    with pytest.raises(ValueError, match="position 5 is past the end of a cache of 4"):
        cache.rows([0], 5)
