"""The contents of a folder of published weights, and the decisions of an import. Writes nothing, reads no weights.

    FOLDER/backbone/, FOLDER/superresolution/    checkpoints of Megatron-Core (`megatron`)
    FOLDER/dac_rvq_*.ckpt                        the codec (`lightning`)
    FOLDER/tokenizer.json or .model              Llama 3's (`llama3`), unless the text vocabulary is bytes

All may be in FOLDER/checkpoints instead. Nothing in it is executed, and no file outside of it is read.
"""

import re
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Self

import torch

from khala.models.codec.config import DacConfig
from khala.models.codec.dac.codec import Dac
from khala.models.config import Imported, ModelConfig, Origin
from khala.models.lm.backbone import Backbone
from khala.models.lm.config import TransformerConfig
from khala.models.lm.superres import Superres
from khala.models.presets import official
from khala.music.errors import InvalidRequest, ModelError
from khala.weights.published import llama3
from khala.weights.published.lightning import CodecFile
from khala.weights.published.megatron import naming
from khala.weights.published.megatron.arguments import transformer_config
from khala.weights.published.megatron.shards import Checkpoint
from khala.weights.tensors import stored_tensors
from khala.weights.tokenizer import Tokenizer

RELEASED = {"backbone": 36000, "superresolution": 10000}
"""Folders of the language models, and their published iterations, which were trained with the bias of fc1 added
twice."""

LICENSE = "CC-BY-NC-4.0"
"""The licence of the published weights."""

BYTES_VOCAB = 512
"""Ids of the tokenizer whose tokens are bytes."""

TEXT_VOCABS = (BYTES_VOCAB, llama3.VOCAB)
"""Vocabulary sizes of the tokenizers that Khala has or finds."""

PADDING_ROWS = 1024
"""The most rows past the vocabulary in a checkpoint; with more it must be another vocabulary."""


@dataclass(frozen=True)
class ImportOptions:
    """Options of an import, where the folder is silent or wrong. None and "auto": go by the folder.

    Raises InvalidRequest for impossible values.
    """

    fc1_bias: str = "auto"
    text_vocab: int | None = None
    norm_eps: float | None = None
    rope_scaling: float | None = None
    codec: Path | None = None
    tokenizer: Path | None = None
    license: str | None = None

    def __post_init__(self) -> None:
        if self.fc1_bias not in ("auto", "single", "doubled"):
            raise InvalidRequest(f"the fc1 bias is {self.fc1_bias!r}; it must be auto, single or doubled")
        if self.text_vocab is not None and not 256 < self.text_vocab < 1 << 24:
            raise InvalidRequest(f"a text vocabulary of {self.text_vocab} ids; 256 are special, Llama 3's has 128256")
        for name, value in (("norm epsilon", self.norm_eps), ("RoPE scaling", self.rope_scaling)):
            if value is not None and not 0 < value <= 1e6:
                raise InvalidRequest(f"a {name} of {value}; it must be a number above 0")


@dataclass(frozen=True)
class LanguageModel:
    """A backbone or super-resolution model in a checkpoint: its configuration, and a recipe for each of its tensors."""

    name: str
    checkpoint: Checkpoint
    config: TransformerConfig
    decision: Imported
    recipes: dict[str, naming.TensorRecipe]

    def report(self) -> list[str]:
        """Report what is used, ignored and decided, a line each."""
        used = {part for recipe in self.recipes.values() for part in recipe.parts}
        unused = count_by_kind([*self.checkpoint.others, *(self.checkpoint.tensors.keys() - used)])
        layout = "stacked layers" if naming.is_stacked(self.checkpoint) else "a tensor for each layer"
        dtypes = sorted({str(recipe.dtype).removeprefix("torch.") for recipe in self.recipes.values()})
        padding, c = _rows(self.checkpoint) - self.config.rows, self.config
        return [
            f"{self.name}: {self.checkpoint.folder.name}, iteration {self.checkpoint.iteration}, {layout}, "
            f"{' and '.join(dtypes)}; used {len(used)} tensors; ignored {unused} and {padding} rows of padding",
            f"{self.name}: fc1 bias {self.decision.fc1_bias}: {self.decision.why}",
            f"{self.name}: norm epsilon {c.norm_eps:g}, RoPE base {c.rope_base:g}, scaling {c.rope_scaling:g}, "
            f"{'norms' if c.qk_norm else 'no norms'} of queries and keys",
        ]


class Published:
    """The weights in `folder`, with all names, shapes and sizes checked. Use it in a `with`.

    Raises ModelError for a folder that is incomplete, damaged or not to be trusted, InvalidRequest if an option is
    missing or wrong.
    """

    def __init__(self, folder: Path, options: ImportOptions) -> None:
        home = _home(folder)
        self.license = options.license
        self.codec_path = _codec_path(home, options.codec)
        with ExitStack() as stack:
            root = folder if options.codec is None else self.codec_path.parent
            self.codec = stack.enter_context(CodecFile(self.codec_path, root))
            with torch.device("meta"):
                self.codec_shapes = _shapes(Dac(self.codec.config))
            self.codec.require(self.codec_shapes)
            checkpoints = {name: Checkpoint(home / name, folder) for name in RELEASED}
            text_vocab = options.text_vocab or _text_vocab(checkpoints, self.codec.config)
            self.tokenizer = _tokenizer(folder, options.tokenizer, text_vocab)
            self.models = [
                _language_model(name, checkpoint, self.codec.config, text_vocab, options)
                for name, checkpoint in checkpoints.items()
            ]
            self._open = stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def config(self, name: str) -> ModelConfig:
        """Return the configuration of a model `name` with these weights."""
        backbone, superres = self.models
        released = all(model.checkpoint.iteration == RELEASED[model.name] for model in self.models)
        return replace(
            official(),
            name=name,
            backbone=backbone.config,
            superres=superres.config,
            codec=self.codec.config,
            license=self.license or (LICENSE if released else "unknown, ask whoever published these weights"),
            origin=Origin(backbone.decision, superres.decision, self.codec_path.name),
        )

    def report(self) -> list[str]:
        """Report what is used, ignored and decided, a line each."""
        lines = [line for model in self.models for line in model.report()]
        return [*lines, f"codec: {self.codec_path.name}; ignored {count_by_kind(self.codec.ignored)}"]

    def sources(self) -> list[Path]:
        """List the files that an import reads weights from."""
        return [self.codec_path, *(path for model in self.models for path in model.checkpoint.sources())]


def count_by_kind(names: Iterable[str]) -> str:
    """Count names of ignored states by kind: of layers, of the training, of other modules."""
    kinds = Counter("_extra_state" if "._extra_state" in name else re.findall(r"^\w{0,40}", name)[0] for name in names)
    listed = sorted(kinds.most_common(8))
    rest = kinds.total() - sum(count for _, count in listed)
    if rest:
        listed.append(("other", rest))
    return ", ".join(f"{kind} ({count})" for kind, count in listed) or "nothing"


def _home(folder: Path) -> Path:
    """Find the folder of the checkpoints: `folder` or its `checkpoints`."""
    try:
        for home in (folder, folder / "checkpoints"):
            if all((home / name).is_dir() for name in RELEASED):
                return home
    except (OSError, ValueError):  # not a valid name
        pass
    raise ModelError(f"{folder} holds no published weights: it lacks the folders {' and '.join(RELEASED)}")


def _codec_path(home: Path, named: Path | None) -> Path:
    if named is not None:
        if not named.is_file():
            raise InvalidRequest(f"there is no codec {named}; name a file dac_rvq_*.ckpt")
        return named.resolve()
    found = sorted([*home.glob("dac_rvq_*.ckpt"), *home.glob("*/dac_rvq_*.ckpt")])
    found = [path for path in found if re.fullmatch(r"[\w.-]+", path.name)]
    if len(found) != 1:
        raise InvalidRequest(f"{home} holds {len(found)} files dac_rvq_*.ckpt; name the codec: --codec FILE")
    return found[0]


def _text_vocab(checkpoints: dict[str, Checkpoint], codec: DacConfig) -> int:
    """Find the size of the text vocabulary: that of a known tokenizer which fits the rows of both embeddings."""
    rows = {name: _rows(checkpoint) for name, checkpoint in checkpoints.items()}
    codes = {"backbone": 2 * codec.codebook, "superresolution": codec.levels * codec.codebook}
    for vocab in TEXT_VOCABS:
        if all(0 <= rows[name] - codes[name] - vocab <= PADDING_ROWS for name in rows):
            return vocab
    raise InvalidRequest(
        f"embeddings of {' and '.join(map(str, rows.values()))} rows do not fit a text vocabulary of "
        f"{' or '.join(map(str, TEXT_VOCABS))} ids; state its size: --text-vocab N"
    )


def _rows(checkpoint: Checkpoint) -> int:
    entry = checkpoint.tensors.get(naming.TOP["embedding.weight"])
    if entry is None or not entry.shape:
        raise ModelError(f"{checkpoint.folder}: the tensor {naming.TOP['embedding.weight']} is missing")
    return entry.shape[0]


def _tokenizer(folder: Path, named: Path | None, text_vocab: int) -> Tokenizer:
    """Find the tokenizer of these weights: bytes, Llama 3's, or the one that the user names."""
    if text_vocab == llama3.VOCAB:
        return llama3.find_llama3(named, folder)
    if named is None and text_vocab == BYTES_VOCAB:
        return Tokenizer.of_bytes()
    if named is None:
        raise InvalidRequest(f"these weights need a tokenizer of {text_vocab} ids; name its file: --tokenizer FILE")
    tokenizer = Tokenizer.load(named / "tokenizer.json" if named.is_dir() else named)
    if tokenizer.vocab != text_vocab:
        raise InvalidRequest(f"the tokenizer has {tokenizer.vocab} ids, the weights have {text_vocab}; name another")
    return tokenizer


def _language_model(
    name: str, checkpoint: Checkpoint, codec: DacConfig, text_vocab: int, options: ImportOptions
) -> LanguageModel:
    kind, runs = (Backbone, official().backbone) if name == "backbone" else (Superres, official().superres)
    config = transformer_config(
        checkpoint.arguments,
        str(checkpoint.folder / "common.pt"),
        text_vocab=text_vocab,
        codebook=codec.codebook,
        levels=min(runs.levels, codec.levels),
        qk_norm=naming.has_qk_norm(checkpoint),
        norm_eps=options.norm_eps,
        rope_scaling=options.rope_scaling,
    )
    config = replace(config, context=runs.context)  # as in the published program; no weight depends on it
    decision = _fc1_bias(name, checkpoint.iteration, config.bias, options.fc1_bias)
    with torch.device("meta"):
        shapes = _shapes(kind(config))
    recipes = naming.recipes(checkpoint, config, shapes, doubled=decision.fc1_bias == "doubled")
    return LanguageModel(name, checkpoint, config, decision, recipes)


def _fc1_bias(name: str, iteration: int, bias: bool, option: str) -> Imported:
    """Decide how often the bias of fc1 is added, and why."""
    if not bias:
        return Imported(iteration, "single", "it has no biases")
    if option != "auto":
        times: Literal["single", "doubled"] = "single" if option == "single" else "doubled"
        return Imported(iteration, times, "asked for with --fc1-bias")
    if iteration == RELEASED[name]:
        why = f"iteration {iteration} is the released one, trained where Transformer Engine 2.0 or 2.1 added it twice"
        return Imported(iteration, "doubled", why)
    return Imported(iteration, "single", f"iteration {iteration} is not the released one, {RELEASED[name]}")


def _shapes(module: torch.nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in stored_tensors(module).items()}
