"""Opening model folders: all that is in them is checked but the values of the weights. Needs no torch."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from khala.models.config import ModelConfig
from khala.models.durations import DurationModel, load_durations
from khala.music.layout import TokenLayout
from khala.music.loras import Lora
from khala.weights.adapters import Weighed, open_adapters
from khala.weights.names import CONFIG, DURATIONS, TOKENIZER, broken_file, read_config, resolve, verified_digest
from khala.weights.tokenizer import Tokenizer


@dataclass(frozen=True)
class OpenModel:
    """A checked model folder, and the adapters that are added to its matrices when these are read."""

    config: ModelConfig
    tokenizer: Tokenizer
    digest: str
    folder: Path
    durations: DurationModel | None = None
    adapters: tuple[Weighed, ...] = ()

    @property
    def layout(self) -> TokenLayout:
        return self.config.layout


def open_model(name: str | Path, verify: bool = True, loras: Sequence[Lora] = ()) -> OpenModel:
    """Find and check the model `name`: an embedded name, a folder or a hub id (`names.resolve`), and the adapters
    `loras` of it.

    `verify` compares every file with `digests.json`. Raises ModelError, also for an adapter that does not belong to it.
    """
    folder = resolve(str(name))
    config = read_config(folder)
    digest = verified_digest(folder, verify)
    tokenizer = Tokenizer.load(folder / TOKENIZER)
    if tokenizer.vocab != config.layout.text_vocab:
        fault = ValueError(f"it has {tokenizer.vocab} ids; by {CONFIG} it has {config.layout.text_vocab}")
        raise broken_file(folder, TOKENIZER, fault)
    try:
        durations = load_durations(folder / DURATIONS) if (folder / DURATIONS).exists() else None
    except (OSError, ValueError) as error:
        raise broken_file(folder, DURATIONS, error) from None
    return OpenModel(config, tokenizer, digest, folder, durations, open_adapters(loras, folder, digest))
