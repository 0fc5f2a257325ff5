"""Which format a model computes in: what is clearly quicker here, found out once."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from khala.engine.pytorch import formats
from khala.engine.pytorch.formats import PARTS, choose_formats, format_times, milliseconds, quicker, settle
from khala.engine.pytorch.memory import need
from khala.generation.pipeline import load
from khala.models.presets import mini, official, tiny
from khala.music.errors import InvalidRequest
from khala.music.request import SongRequest
from khala.nn.precision import INT4, Formats

CPU = torch.device("cpu")
MIXED = "backbone=float32,superres=bfloat16"
TIMES = {"backbone": {"float32": 2.0, "bfloat16": 5.0}, "superres": {"float32": 3.0, "bfloat16": 2.0}}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "khala" / "formats.json"


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Parts in the order in which they are measured, with made-up figures."""
    asked: list[str] = []
    monkeypatch.setattr(formats, "SMALL", 0)
    monkeypatch.setattr(formats, "milliseconds", lambda part, sizes: asked.append(part) or TIMES[part])
    return asked


@pytest.mark.parametrize(
    ("float32", "bfloat16", "chosen"), [(1.0, 2.5, "float32"), (1.19, 1.0, "float32"), (1.2, 1.0, "bfloat16")]
)
def test_bfloat16_is_for_where_it_is_clearly_quicker(float32: float, bfloat16: float, chosen: str) -> None:
    assert quicker({"float32": float32, "bfloat16": bfloat16}) == getattr(torch, chosen)


def test_a_small_model_computes_in_float32_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "milliseconds", lambda part, sizes: TIMES[part])
    assert str(choose_formats("auto", tiny(), CPU)) == "float32"
    assert str(choose_formats("auto", official(), CPU)) == MIXED


def test_each_part_is_timed_once_and_remembered(cache: Path, measured: list[str]) -> None:
    for _ in range(2):
        assert str(choose_formats("auto", tiny(), CPU)) == MIXED
    assert measured == ["backbone", "superres"]
    deeper = replace(tiny(), backbone=replace(tiny().backbone, layers=3))
    choose_formats("auto", deeper, CPU)
    assert measured == ["backbone", "superres", "backbone"]  # what has other sizes
    ((machine, known),) = json.loads(cache.read_text()).items()
    assert machine.endswith(f"torch {torch.__version__}") and len(known) == 3
    assert [path.name for path in cache.parent.iterdir()] == [cache.name]


def test_another_machine_is_timed_anew(measured: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    choose_formats("auto", tiny(), CPU)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"cpu_name": "Abacus", "amx_bf16": True})
    choose_formats("auto", tiny(), CPU)
    monkeypatch.undo()
    assert measured == ["backbone", "superres"] * 2


@pytest.mark.parametrize(
    "content",
    ["", "[]", "3", '{"a": 1}', '{"a": {"b": {"float32": 1}}}', '{"a": {"b": {"float32": "x", "bfloat16": 1}}}'],
)
def test_a_memory_of_something_else_is_replaced(content: str, cache: Path, measured: list[str]) -> None:
    cache.parent.mkdir(parents=True)
    cache.write_text(content)
    for _ in range(2):
        assert str(choose_formats("auto", tiny(), CPU)) == MIXED
    assert measured == ["backbone", "superres"]


def test_without_a_memory_it_is_timed_again(cache: Path, measured: list[str]) -> None:
    cache.parent.parent.write_text("a file where a folder should be")
    for _ in range(2):
        assert str(choose_formats("auto", tiny(), CPU)) == MIXED
    assert measured == ["backbone", "superres"] * 2


@pytest.mark.parametrize("part", PARTS)
def test_the_quickest_of_several_rounds_counts(part: formats.ModelPart) -> None:
    seconds = iter([9.0, 4.0, 2.0, 5.0, 3.0, 4.5, 8.0, 8.0])  # float32, bfloat16, float32, ...
    now = [0.0]

    def clock() -> float:
        """Every second call ends a round."""
        now.append(now[-1] if len(now) % 2 else now[-1] + next(seconds))
        return now[-1]

    assert milliseconds(part, getattr(tiny(), part), clock) == {"float32": 2000.0, "bfloat16": 4000.0}


def test_timing_leaves_torch_as_it_was() -> None:
    torch.manual_seed(5)
    drawn = torch.rand(3)
    torch.manual_seed(5)
    threads = torch.get_num_threads()
    times = format_times("backbone", replace(tiny(), backbone=replace(tiny().backbone, layers=1)))
    assert set(times) == {"float32", "bfloat16"} and min(times.values()) > 0
    assert torch.equal(torch.rand(3), drawn) and torch.get_num_threads() == threads


def test_a_name_is_for_both_parts_or_one_for_each() -> None:
    assert choose_formats("float16", tiny(), CPU) == Formats.uniform(torch.float16)
    assert str(choose_formats("int8", tiny(), CPU)) == "int8"
    assert choose_formats(MIXED, tiny(), CPU) == Formats(torch.float32, torch.bfloat16)
    for wrong in (
        "backbone=float32",
        "backbone=float32,superres=int3",
        "backbone=float32,superres=float32,codec=int3",
        "codec=float16",
        "float32,bfloat16",
        "backbone=auto,superres=auto",
        "",
    ):
        with pytest.raises(InvalidRequest, match=r"dtype .* is unknown; choose one of auto, float32"):
            choose_formats(wrong, tiny(), CPU)


def test_the_published_codec_may_be_narrower() -> None:
    name = "backbone=bfloat16,superres=bfloat16,codec=float16"
    formats = choose_formats(name, official(), CPU)
    assert formats == Formats(torch.bfloat16, torch.bfloat16, torch.float16) and str(formats) == name
    with pytest.raises(
        InvalidRequest, match=r"the codec of the model tiny computes in float32 alone; leave codec= out"
    ):
        choose_formats(name, tiny(), CPU)
    with pytest.raises(InvalidRequest, match=r"the codec has no int8 and no int4; choose codec=float16"):
        choose_formats("backbone=int8,superres=int8,codec=int8", official(), CPU)


def test_int4_is_for_cpus_and_widths_of_whole_groups() -> None:
    assert choose_formats("int4", official(), CPU) == Formats.uniform(INT4)
    assert choose_formats("backbone=int4,superres=int8", mini(), CPU) == Formats(INT4, torch.int8)
    with pytest.raises(InvalidRequest, match=r"multiples of 32, and the backbone of the model tiny .*--dtype int8"):
        choose_formats("int4", tiny(), CPU)
    for device, instead in (("cuda:0", "int8"), ("mps", "float16")):
        with pytest.raises(
            InvalidRequest, match=rf"int4 is for CPUs; on {device[:4].rstrip(':')} choose --dtype {instead}"
        ):
            choose_formats("int4", official(), torch.device(device))


def test_what_is_quicker_and_does_not_fit_gives_way(measured: list[str]) -> None:
    config = official()
    mixed, half = (
        need(config, CPU, of, 60) for of in (Formats(torch.float32, torch.bfloat16), Formats.uniform(torch.bfloat16))
    )
    assert half.one_shot < mixed.one_shot
    assert settle("auto", config, CPU, 60, mixed.one_shot) == (Formats(torch.float32, torch.bfloat16), "one_shot")
    assert settle("auto", config, CPU, 60, half.one_shot) == (Formats.uniform(torch.bfloat16), "one_shot")
    with pytest.raises(InvalidRequest, match=r"in bfloat16 .*; choose --dtype int8"):
        settle("auto", config, CPU, 60, half.one_shot - 1)
    with pytest.raises(InvalidRequest, match=r"in float32 .*; choose --dtype bfloat16"):
        settle("float32", config, CPU, 60, half.one_shot)


def test_the_record_makes_the_song_again(folder: Path, measured: list[str]) -> None:
    request = SongRequest(tags=("folk",), instrumental=True, duration=5, seed=3)
    (take,) = load(folder, "cpu").generate(request)
    assert take.metadata["dtype"] == MIXED
    (again,) = load(folder, "cpu", take.metadata["dtype"], "one_shot").generate(request)
    assert np.array_equal(again.samples, take.samples)
    assert load(folder, "cpu", "float32").engine.dtype == "float32"
