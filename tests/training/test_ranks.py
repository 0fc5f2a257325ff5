"""How a step is divided over ranks, and which devices they may have."""

import pytest
from torch.distributed import TCPStore

from khala.music.errors import InvalidRequest
from khala.training.ranks import Ranks, joined, require_single, store_of_attempt


@pytest.mark.parametrize(("pieces", "world"), [(1, 1), (5, 1), (1, 3), (5, 2), (6, 3), (7, 4)])
def test_every_piece_counts_once_and_all_ranks_get_equally_many(pieces: int, world: int) -> None:
    whole = list(range(pieces))
    shares = [Ranks(rank, world).share(whole) for rank in range(world)]
    assert sorted(piece for share in shares for piece, counts in share if counts) == whole
    assert {len(share) for share in shares} == {-(-pieces // world)}


def test_a_single_process_needs_no_others() -> None:
    with joined("cpu") as ranks:
        assert ranks.world == 1 and ranks.main and ranks.device.type == "cpu"
        assert ranks.sums(1.5, 2) == [1.5, 2] and ranks.gather("x") == ["x"]
        with ranks.one_after_the_other():
            pass


def test_several_processes_share_no_single_device(monkeypatch: pytest.MonkeyPatch) -> None:
    require_single("the recogniser")
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(InvalidRequest, match="without torchrun"):
        require_single("the recogniser")
    for device in ("mps", "cuda:1"):
        with pytest.raises(InvalidRequest, match="for a single process"), joined(device):
            pass


def test_ranks_that_are_restarted_do_not_meet_those_that_are_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    server = TCPStore("127.0.0.1", 0, is_master=True)
    variables = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(server.port), "RANK": "0"}
    of_torchrun = {"TORCHELASTIC_USE_AGENT_STORE": "True", "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2"}
    for name, value in {**variables, **of_torchrun}.items():
        monkeypatch.setenv(name, value)
    stores = []
    for attempt in range(2):
        monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", str(attempt))
        stores.append(store_of_attempt())
    stores[0].set("address", "here")
    assert stores[0].check(["address"]) and not stores[1].check(["address"])
