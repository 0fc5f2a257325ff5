"""Running means of the parts of a loss, for the log."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import torch
from torch import Tensor

Totals = dict[str, tuple[float, int]]
"""Sum and number of the terms of each name."""


@dataclass
class Losses:
    """Sums of losses and numbers of terms by name. What is added stays on its device until `sums` are read: to read is
    to wait for all that has been asked of the device."""

    added: dict[str, list[Tensor]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def add(self, name: str, terms: Tensor) -> None:
        """Add all `terms`, detached."""
        if terms.numel():
            self.added.setdefault(name, []).append(terms.detach().sum())
            self.counts[name] = self.counts.get(name, 0) + terms.numel()

    @property
    def sums(self) -> dict[str, float]:
        """The sum of each name's terms."""
        return {name: sum(torch.stack(found).tolist()) for name, found in self.added.items()}

    def totals(self) -> Totals:
        """Return the sum and the number of each name's terms."""
        return {name: (found, self.counts[name]) for name, found in self.sums.items()}

    def mean(self) -> dict[str, float]:
        """Return the mean of each name's terms."""
        return means([self.totals()])


def means(parts: Iterable[Totals]) -> dict[str, float]:
    """Return the mean of each name's terms over all parts, those of one rank each."""
    sums: Totals = {}
    for part in parts:
        for name, (total, count) in part.items():
            before, number = sums.get(name, (0.0, 0))
            sums[name] = before + total, number + count
    return {name: total / count for name, (total, count) in sorted(sums.items())}
