"""Reading pickles as data: nothing that a file names is imported, called or executed.

A pickle is a program for a small machine, and its instructions to import and to call are what makes it dangerous. Here
`pickletools` only parses it, and a call becomes a `Call` that holds the name and the arguments. Even so, only names
that published checkpoints are known to contain are accepted; any other refuses the whole file.
"""

import pickletools
from dataclasses import dataclass, field
from typing import Any

from khala.music.errors import ModelError

_TORCH = "torch.distributed.checkpoint."
_DTYPES = ("float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool")
_STORAGES = ("Double", "Float", "Half", "BFloat16", "Long", "Int", "Short", "Char", "Byte", "Bool")

_BUILTINS = ("set", "frozenset", "list", "tuple", "dict", "int", "float", "complex", "bool", "str", "bytes", "long")
_NODES = ("Any", "String", "Integer", "Float", "Boolean", "Bytes", "Path")

_ENUMS = frozenset(
    {
        *("signal.Signals", f"{_TORCH}metadata._MEM_FORMAT_ENCODING", f"{_TORCH}planner.WriteItemType"),
        *("megatron.core.enums.ModelType", "megatron.core.transformer.enums.AttnBackend"),
    }
)

ALLOWED = frozenset(
    {
        *_ENUMS,
        *(f"builtins.{name}" for name in _BUILTINS),
        # Python 3.11.0 to 3.11.3 write members of enumerations as getattr(ModelType, "encoder"), and signals by name.
        "builtins.getattr",
        *(f"signal.SIG{name}" for name in ("TERM", "INT", "HUP", "USR1", "USR2")),
        *("collections.OrderedDict", "collections.defaultdict", "_codecs.encode", "io.BytesIO", "typing.Any"),
        *("argparse.Namespace", "pathlib.PosixPath", "pathlib.WindowsPath"),
        *("numpy.dtype", "numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar"),
        *(f"torch.{name}" for name in ("Size", "device", *_DTYPES)),
        *(f"torch.{name}Storage" for name in _STORAGES),
        *("torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_parameter", "torch.serialization._get_layout"),
        *(f"{_TORCH}metadata.{name}StorageMetadata" for name in ("Tensor", "Bytes", "Chunk")),
        *(f"{_TORCH}metadata.{name}" for name in ("Metadata", "MetadataIndex", "StorageMeta", "TensorProperties")),
        *(f"{_TORCH}planner.{name}" for name in ("SavePlan", "WriteItem", "TensorWriteData")),
        f"{_TORCH}filesystem._StorageInfo",
        "megatron.core.dist_checkpointing.strategies.torch.MCoreSavePlan",
        *("omegaconf.dictconfig.DictConfig", "omegaconf.listconfig.ListConfig"),
        *("omegaconf.base.ContainerMetadata", "omegaconf.base.Metadata"),
        *(f"omegaconf.nodes.{name}Node" for name in _NODES),
        *("pytorch_lightning.utilities.parsing.AttributeDict", "lightning.pytorch.utilities.parsing.AttributeDict"),
        *("lightning_fabric.utilities.data.AttributeDict", "lightning.fabric.utilities.data.AttributeDict"),
    }
)
"""Full names that a pickle may contain. Only the names are compared; nothing of it need be installed."""

LONGEST_NAME = 120
"""Characters of a refused name that an error message quotes."""


@dataclass(eq=False, slots=True)
class Call:
    """A call in a pickle, by its full name: `name(*args)`, then `state` and `items` set on the result.

    A bare class or function is a `Call` with `args` None. A reference to data outside of the pickle (a "persistent
    id") has the name "".
    """

    name: str
    args: tuple[Any, ...] | None = None
    state: Any = None
    items: list[Any] = field(default_factory=list)

    def __getitem__(self, key: str) -> Any:
        """Return an attribute by its name. Raises KeyError."""
        if not isinstance(self.state, dict):
            raise KeyError(key)
        return self.state[key]


def unpickle(data: bytes, source: str) -> Any:
    """Read the value of a pickle: plain containers, numbers and strings, and a `Call` for everything else.

    Raises ModelError, which begins with `source`, for a name that is not `ALLOWED` and for what is not a pickle.
    """
    try:
        return _run(data, source)
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError, MemoryError) as error:
        reason = (str(error) or type(error).__name__)[:LONGEST_NAME]
        raise ModelError(f"{source} is damaged: it is not a whole pickle ({reason})") from None


_PUSH = frozenset(
    {
        *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
        *("STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"),
        *("BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"),
    }
)
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_EMPTY = {"EMPTY_LIST": list, "EMPTY_TUPLE": tuple, "EMPTY_DICT": dict, "EMPTY_SET": set}
_MARK = object()


def _run(data: bytes, source: str) -> Any:
    """Interpret the instructions in `data`; names are those of `pickletools`."""
    stack: list[Any] = []
    memo: dict[int, Any] = {}
    copied = 0

    def above_mark() -> list[Any]:
        at = len(stack) - 1
        while stack[at] is not _MARK:
            at -= 1
            if at < 0:
                raise ValueError("a mark is missing")
        values = stack[at + 1 :]
        del stack[at:]
        return values

    def call(kind: Any, args: Any) -> Any:
        """Evaluate a call. Copies of one large list, again and again, would fill the memory."""
        nonlocal copied
        value = _call(kind, args)
        copied += len(value) if isinstance(value, tuple | set | dict | bytes) else 0
        if copied > len(data):
            raise ValueError("it copies more than it holds")
        return value

    arg: Any
    for instruction, arg, _ in pickletools.genops(data):
        match instruction.name:
            case name if name in _PUSH:
                stack.append(arg)
            case name if name in _CONSTANTS:
                stack.append(_CONSTANTS[name])
            case name if name in _EMPTY:
                stack.append(_EMPTY[name]())
            case "PROTO" | "FRAME":
                pass
            case "MARK":
                stack.append(_MARK)
            case "PUT" | "BINPUT" | "LONG_BINPUT":
                memo[arg] = stack[-1]
            case "MEMOIZE":
                memo[len(memo)] = stack[-1]
            case "GET" | "BINGET" | "LONG_BINGET":
                stack.append(memo[arg])
            case "POP":
                stack.pop()
            case "POP_MARK":
                above_mark()
            case "DUP":
                stack.append(stack[-1])
            case "TUPLE1" | "TUPLE2" | "TUPLE3" as name:
                size = int(name[-1])
                if len(stack) < size:
                    raise ValueError("a tuple of nothing")
                stack[-size:] = [tuple(stack[-size:])]
            case "TUPLE":
                stack.append(tuple(above_mark()))
            case "LIST":
                stack.append(above_mark())
            case "DICT":
                stack.append(_pairs(above_mark()))
            case "FROZENSET":
                stack.append(frozenset(map(_key, above_mark())))
            case "APPEND":
                value = stack.pop()
                _extend(stack[-1], [value])
            case "APPENDS" | "ADDITEMS":
                values = above_mark()
                _extend(stack[-1], values)
            case "SETITEM":
                values = stack[-2:]
                del stack[-2:]
                _update(stack[-1], _pairs(values))
            case "SETITEMS":
                values = above_mark()
                _update(stack[-1], _pairs(values))
            case "GLOBAL":
                stack.append(_name(arg, source))
            case "STACK_GLOBAL":
                attribute, module = stack.pop(), stack.pop()
                if not isinstance(module, str) or not isinstance(attribute, str):
                    raise TypeError("a name that is not text")
                stack.append(_name(f"{module} {attribute}", source))
            case "INST":
                stack.append(call(_name(arg, source), tuple(above_mark())))
            case "OBJ":
                kind, *args = above_mark()
                stack.append(call(kind, tuple(args)))
            case "REDUCE" | "NEWOBJ":
                values = stack.pop()
                stack.append(call(stack.pop(), values))
            case "NEWOBJ_EX":
                keywords, values = stack.pop(), stack.pop()
                stack.append(call(stack.pop(), (*values, keywords)))
            case "BUILD":
                state = stack.pop()
                if isinstance(stack[-1], Call):  # attributes of dicts are ignored
                    stack[-1].state = state
            case "PERSID" | "BINPERSID" as name:
                stack.append(Call("", (arg if name == "PERSID" else stack.pop(),)))
            case "STOP":
                (value,) = stack
                return value
            case name:
                raise ValueError(f"the instruction {name} has no place in a checkpoint")
    raise ValueError("it does not end")


def _name(spelled: Any, source: str) -> Call:
    """Read a class or function in the spelling of `pickletools`, "module name". Raises ModelError."""
    full = str(spelled).replace(" ", ".", 1).replace("__builtin__.", "builtins.", 1)  # as protocol 2 calls it
    if full not in ALLOWED:
        short = full if len(full) <= LONGEST_NAME else full[:LONGEST_NAME] + "..."
        raise ModelError(
            f"{source} asks for {short}, which no published checkpoint needs: it may be made to run code, and was not "
            "loaded; take the weights from their publisher"
        )
    return Call(full)


def _call(kind: Any, args: Any) -> Any:
    """Evaluate `kind(*args)` if it is a container; anything else becomes a `Call`."""
    if not isinstance(kind, Call) or kind.args is not None or not isinstance(args, tuple):
        raise TypeError("a call of something that is not a name")
    match kind.name, args:
        case (("collections.OrderedDict" | "collections.defaultdict" | "builtins.dict"), _):
            return {_key(key): value for key, value in args[0]} if args and isinstance(args[0], list) else {}
        case (("torch.Size" | "builtins.tuple"), (list() | tuple() as values,)):
            return tuple(values)
        case (("builtins.set" | "builtins.frozenset"), (list() | tuple() as values,)):
            return set(map(_key, values))
        case "_codecs.encode", (str() as text, "latin1"):
            return text.encode("latin1")
        case "builtins.bytes", ():
            return b""
        case "builtins.getattr", (Call(name=enum, args=None), str() as member) if enum in _ENUMS:
            return Call(enum, (member,))
        case "builtins.getattr", _:
            raise TypeError("an attribute of something that is no enumeration")
    return Call(kind.name, args)


def _extend(target: Any, values: list[Any]) -> None:
    match target:
        case list():
            target.extend(values)
        case set():
            target.update(map(_key, values))
        case Call():
            target.items.extend(values)
        case _:
            raise TypeError("values for something that is not a list")


def _update(target: Any, values: dict[Any, Any]) -> None:
    match target:
        case dict():
            target.update(values)
        case Call():
            target.items.extend(values.items())
        case _:
            raise TypeError("keys for something that is not a dictionary")


def _pairs(values: list[Any]) -> dict[Any, Any]:
    return dict(zip(map(_key, values[::2]), values[1::2], strict=True))


def _key(value: Any) -> Any:
    """Return a value that can be hashed: a tuple of tuples of tuples ... would exhaust the interpreter's stack."""
    if any(isinstance(part, tuple | frozenset) for part in (value if isinstance(value, tuple | frozenset) else ())):
        raise TypeError("a key that is too deep")
    return value
