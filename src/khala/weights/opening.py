"""Opening model folders: all that is in them is checked but the values of the weights. Needs no torch."""

from dataclasses import dataclass
from pathlib import Path

from khala.models.config import ModelConfig
from khala.models.durations import DurationModel, load_durations
from khala.music.layout import TokenLayout
from khala.weights.names import CONFIG, DURATIONS, TOKENIZER, broken_file, read_config, resolve, verified_digest
from khala.weights.tokenizer import Tokenizer


@dataclass(frozen=True)
class OpenModel:
    """A checked model folder."""

    config: ModelConfig
    tokenizer: Tokenizer
    digest: str
    folder: Path
    durations: DurationModel | None = None

    @property
    def layout(self) -> TokenLayout:
        return self.config.layout


def open_model(name: str | Path, verify: bool = True) -> OpenModel:
    """Find and check the model `name`: an embedded name, a folder or a hub id (`names.resolve`).

    `verify` compares every file with `digests.json`. Raises ModelError.
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
    return OpenModel(config, tokenizer, digest, folder, durations)
