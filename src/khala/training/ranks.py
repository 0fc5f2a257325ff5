"""The processes of a training run: one for every device, as torchrun starts them, or a single one without it."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor
from torch._C._distributed_c10d import PrefixStore, Store, TCPStore

from khala.engine.pytorch.device import choose_device
from khala.music.errors import InvalidRequest

TIMEOUT = timedelta(hours=1)
"""How long a rank waits for the others: longer than the first one needs to make samples or to read a corpus."""

CPU = torch.device("cpu")

T = TypeVar("T")


@dataclass(frozen=True)
class Ranks:
    """This process among the `world` processes of a run. What they agree on travels by their CPUs."""

    rank: int = 0
    world: int = 1
    device: torch.device = CPU

    @property
    def main(self) -> bool:
        """Whether this rank is the one that writes and speaks."""
        return self.rank == 0

    def sums(self, *values: float) -> list[float]:
        """Return the sums of these values over all ranks."""
        if self.world == 1:
            return list(values)
        sums = torch.tensor(values, dtype=torch.float64)
        dist.all_reduce(sums)
        found: list[float] = sums.tolist()
        return found

    def total(self, tensor: Tensor) -> Tensor:
        """Return the sum of a tensor over all ranks, in its place."""
        if self.world > 1:
            dist.all_reduce(tensor)
        return tensor

    def gather(self, value: T) -> list[T]:
        """Return what each rank gave, in their order."""
        if self.world == 1:
            return [value]
        values: list[T | None] = [None] * self.world
        dist.all_gather_object(values, value)
        return values  # type: ignore[return-value]

    def share(self, whole: Sequence[T]) -> list[tuple[T, bool]]:
        """Return the part of a step that this rank computes, and whether each piece counts.

        All ranks get equally many, because they wait for each other in every pass: where the pieces do not go round,
        a rank computes one in vain.
        """
        turns = range(self.rank, -(-len(whole) // self.world) * self.world, self.world)
        return [(whole[turn % len(whole)], turn < len(whole)) for turn in turns]

    @contextmanager
    def one_after_the_other(self) -> Iterator[None]:
        """Let the first rank go through the block before the others: it writes files that they read."""
        if self.world > 1 and not self.main:
            dist.barrier()
        yield
        if self.world > 1 and self.main:
            dist.barrier()


@contextmanager
def joined(device: str = "auto") -> Iterator[Ranks]:
    """Join the ranks that torchrun has started, each on a GPU of its own if `device` is "cuda", or be the only one.

    Raises InvalidRequest for a device that is not there.
    """
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world == 1:
        yield Ranks(device=choose_device(device))
        return
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device not in ("cpu", "cuda"):
        raise InvalidRequest(f"the device {device!r} is for a single process; several take auto, cuda or cpu")
    chosen = choose_device(f"cuda:{os.environ['LOCAL_RANK']}" if device == "cuda" else device)
    if chosen.type == "cuda":
        torch.cuda.set_device(chosen)
    backend, rank = "cpu:gloo,cuda:nccl" if chosen.type == "cuda" else "gloo", int(os.environ["RANK"])
    dist.init_process_group(backend, store=store_of_attempt(), rank=rank, world_size=world, timeout=TIMEOUT)
    yield Ranks(dist.get_rank(), world, chosen)
    dist.destroy_process_group()  # not after an error: the others may be gone, and the process ends anyway


def store_of_attempt() -> Store:
    """Return where the ranks find each other.

    torchrun keeps its store when it restarts them, and one that is quick would find there the addresses of those that
    are gone. The restarts are counted by each node, so several nodes need TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1.
    """
    address, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
    kept = os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True"
    store = TCPStore(address, port, is_master=os.environ["RANK"] == "0" and not kept, timeout=TIMEOUT)
    if kept and os.environ["LOCAL_WORLD_SIZE"] == os.environ["WORLD_SIZE"]:
        return PrefixStore(f"attempt {os.environ['TORCHELASTIC_RESTART_COUNT']}", store)
    return store


def require_single(part: str) -> None:
    """Raise InvalidRequest in a run of several processes, for a part that is trained by one."""
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise InvalidRequest(f"{part} is trained by a single process: run it without torchrun")
