"""Running means of the parts of a loss, for the log."""

from dataclasses import dataclass, field

from torch import Tensor


@dataclass
class Losses:
    """Sums of losses and numbers of terms by name."""

    sums: dict[str, float] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def add(self, name: str, terms: Tensor) -> None:
        """Add all `terms`, detached; reading them waits for the device once per call."""
        if terms.numel():
            self.sums[name] = self.sums.get(name, 0.0) + terms.detach().sum().item()
            self.counts[name] = self.counts.get(name, 0) + terms.numel()

    def mean(self) -> dict[str, float]:
        """Return the mean of each name's terms."""
        return {name: self.sums[name] / self.counts[name] for name in sorted(self.sums)}
