import argparse
import collections
import datetime
import os
import pickle
import signal
from pathlib import Path, PosixPath
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from khala.music.errors import ModelError
from khala.weights.published.unpickle import Call, unpickle

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)
KEYS = st.text() | st.integers() | st.booleans() | st.binary() | st.tuples(st.integers(), st.text())
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner) | st.tuples(inner, inner) | st.sets(st.integers()),
)


class Trap:
    """Runs a command when it is unpickled."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.system, (f"touch {self.canary}",)


@given(PLAIN, st.sampled_from(PROTOCOLS))
def test_plain_values_are_what_pickle_makes_of_them(value: Any, protocol: int) -> None:
    assert unpickle(pickle.dumps(value, protocol), "x") == value


@pytest.mark.parametrize("protocol", PROTOCOLS[2:])
def test_known_names_become_calls_that_nobody_makes(protocol: int) -> None:
    shared = [1]
    value = {
        "args": argparse.Namespace(lr=0.5, shared=shared),
        "again": shared,
        "dtype": torch.bfloat16,
        "size": torch.Size([2, 3]),
        "path": PosixPath("/tmp/x"),
        "signal": signal.SIGTERM,
        "ordered": collections.OrderedDict(a=1),
    }
    read = unpickle(pickle.dumps(value, protocol), "x")
    assert read["args"].name == "argparse.Namespace" and read["args"]["lr"] == 0.5
    assert read["args"]["shared"] is read["again"] == [1]
    assert read["dtype"].name == "torch.bfloat16" and read["size"] == (2, 3) and read["ordered"] == {"a": 1}
    assert isinstance(read["path"], Call) and isinstance(read["signal"], Call)
    with pytest.raises(KeyError):
        read["dtype"]["nothing"]


@pytest.mark.parametrize(
    "member",
    [b"csignal\nSignals\n(I15\ntR.", b"cbuiltins\ngetattr\n(csignal\nSignals\nS'SIGTERM'\ntR.", b"csignal\nSIGTERM\n."],
)
def test_members_of_enumerations_in_each_spelling(member: bytes) -> None:
    assert pickle.loads(member) is signal.SIGTERM
    read = unpickle(member, "x")
    assert (read.name, read.args) in (
        ("signal.Signals", (15,)),
        ("signal.Signals", ("SIGTERM",)),
        ("signal.SIGTERM", None),
    )


@pytest.mark.parametrize("owner", [b"ccollections\nOrderedDict\n", b"S'text'\n", b"csignal\nSignals\n(I15\ntR"])
def test_attributes_of_anything_else_are_refused(owner: bytes) -> None:
    with pytest.raises(ModelError, match="of something that is no enumeration"):
        unpickle(b"cbuiltins\ngetattr\n(" + owner + b"S'__init__'\ntR.", "x")


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_pickle_that_runs_a_command_is_refused_by_name(tmp_path: Path, protocol: int) -> None:
    canary = tmp_path / "canary"
    data = pickle.dumps({"weights": [Trap(canary)]}, protocol)
    with pytest.raises(ModelError, match=r"^file\.pt asks for (posix|nt)\.system, which no published checkpoint needs"):
        unpickle(data, "file.pt")
    assert not canary.exists()
    pickle.loads(data)
    assert canary.exists()  # it would have run


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"cos\nsystem\n(S'true'\ntR.", "os.system"),
        (b"(S'true'\nios\nsystem\n.", "os.system"),
        (b"(cos\nsystem\nS'true'\no.", "os.system"),
        (b"cbuiltins\neval\n(S'1'\ntR.", "builtins.eval"),
        (b"c__builtin__\nexec\n.", "builtins.exec"),
        (b"\x80\x04\x8c\x08builtins\x8c\x07setattr\x93.", "builtins.setattr"),
        (b"ctorch.storage\n_load_from_bytes\n.", "torch.storage._load_from_bytes"),
        (b"ctorch\nload\n.", "torch.load"),
        (b"cargparse\nNamespace.__init__\n.", "argparse.Namespace.__init__"),
        (pickle.dumps(datetime.datetime(2026, 1, 1)), "datetime.datetime"),
        (b"c" + b"x" * 4000 + b"\ny\n.", "x" * 120 + "..."),
    ],
)
def test_every_way_to_name_something_is_guarded(data: bytes, name: str) -> None:
    with pytest.raises(ModelError) as refusal:
        unpickle(data, "x")
    assert f"asks for {name}, which" in str(refusal.value)


@pytest.mark.parametrize(
    "data",
    [
        *(
            b"",
            b".",
            b"N",
            b"0.",
            b"t.",
            b"}N.",
            b"]NNs.",
            b"NR.",
            b"h\x05.",
            b"\xff",
            b"NN.",
            b"(NN.",
            b"I1\nR.",
            b"N\x87.",
        ),
        # copies of one list, again and again
        b"]r\x00\x00\x00\x00(" + 500 * b"N" + b"e" + 20 * b"(ctorch\nSize\nj\x00\x00\x00\x00\x85R" + b"l.",
        *(b"ctorch\nfloat32\nNR.", b"ctorch\nfloat32\n(tR(tR.", b"}(]Nu.", b"\x82\x01.", b"X\xff\xff\xff\x7fabc."),
        pickle.dumps(list(range(1000)))[:-20],
        b"}" + b"(" + b")" + 200000 * b"\x85" + b"Nu.",  # a key so deep that to hash it would end the interpreter
    ],
)
def test_what_is_no_pickle_is_said_to_be_damaged(data: bytes) -> None:
    with pytest.raises(ModelError, match="x is damaged: it is not a whole pickle"):
        unpickle(data, "x")


@given(st.binary(max_size=60))
def test_random_bytes_never_do_more_than_be_refused(data: bytes) -> None:
    try:
        unpickle(b"\x80\x04" + data, "x")
    except ModelError as error:
        assert len(str(error)) < 400
