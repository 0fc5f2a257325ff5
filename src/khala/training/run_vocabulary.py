"""The vocabulary of conditions of a run, kept in its folder: weights alone would take any."""

import json
from dataclasses import replace
from pathlib import Path

from khala.audio.replacing import replacing
from khala.conditioning.vocabulary import require_vocabulary, vocabulary
from khala.models.config import ModelConfig
from khala.music.errors import ModelError

FILE = "conditions.json"


def keep_vocabulary(run: Path, config: ModelConfig) -> None:
    """Write the vocabulary of this code into the folder of a run that begins. Raises ModelError as `require_same`."""
    require_same(run, config)
    run.mkdir(parents=True, exist_ok=True)
    if not (run / FILE).exists():
        with replacing(run / FILE) as part:
            part.write_text(json.dumps(vocabulary(), indent=2) + "\n", encoding="utf-8")


def require_same(run: Path, config: ModelConfig) -> None:
    """Raise ModelError if the run in a folder, of a model of that `config`, was begun with another vocabulary."""
    path = run / FILE
    if not path.exists():  # it is new, or was begun before vocabularies were kept
        return
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"cannot read {path}: {error}") from error
    require_vocabulary(replace(config, name=str(run), conditions=kept))
