"""The nodes for ComfyUI, with a real server and stand-ins for what ComfyUI brings."""

import json
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from service import Site, Workers, until
from serving import RATE, Service

FOLDER = Path(__file__).parents[2] / "integrations" / "comfyui"
WORDS = "[verse]\nOver the hills\nand far away"


class Interrupted(Exception):
    """What ComfyUI raises when the user interrupts a workflow."""


class Comfy:
    """ComfyUI's modules, as far as the nodes import them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.shown: list[int] = []
        self.interrupted = False
        management = SimpleNamespace(throw_exception_if_processing_interrupted=self._check)
        utils = SimpleNamespace(ProgressBar=lambda total: SimpleNamespace(update_absolute=self._show))
        modules = {"comfy": SimpleNamespace(), "comfy.utils": utils, "comfy.model_management": management}
        modules["torch"] = SimpleNamespace(from_numpy=lambda samples: samples)
        for name, module in modules.items():
            monkeypatch.setitem(sys.modules, name, module)

    def _check(self) -> None:
        if self.interrupted:
            raise Interrupted

    def _show(self, done: int, total: int) -> None:
        assert 0 <= done <= total == 100
        self.shown.append(done)


@pytest.fixture
def comfy(monkeypatch: pytest.MonkeyPatch) -> Comfy:
    return Comfy(monkeypatch)


@pytest.fixture
def nodes(comfy: Comfy, load: Callable[[str, str], ModuleType]) -> Any:
    return load("khala_for_comfyui", "comfyui/__init__.py").NODE_CLASS_MAPPINGS


@pytest.fixture
def service(tmp_path: Path, singer: Path) -> Iterator[Service]:
    service = Service(tmp_path, singer)
    yield service
    service.library.database.close()


def run(nodes: Any, name: str, **given: Any) -> Any:
    """Run a node as ComfyUI does: by its FUNCTION, with defaults for the widgets that are not `given`."""
    node = nodes[name]
    inputs = node.INPUT_TYPES()
    assert given.keys() <= {**inputs["required"], **inputs.get("optional", {})}.keys()
    widgets = {key: kind[1]["default"] for key, kind in inputs["required"].items() if "default" in dict(*kind[1:])}
    result = getattr(node(), node.FUNCTION)(**{**widgets, **given})
    assert len(result) == len(node.RETURN_TYPES) == len(node.RETURN_NAMES)
    return result


def start(nodes: Any, name: str, **given: Any) -> Future[Any]:
    return ThreadPoolExecutor(1).submit(run, nodes, name, **given)


def test_a_song_is_generated(nodes: Any, comfy: Comfy, service: Service) -> None:
    with service.live() as live:
        (server,) = run(nodes, "KhalaServer", address=f"http://127.0.0.1:{live.port}/")
        made = start(
            nodes, "KhalaGenerate", server=server, lyrics=WORDS, style="folk", duration=6.0, seed=5, title="Hi"
        )
        (claim,) = until(lambda: service.claims.claim(1), 30)
        service.finish(claim)
        audio, take, take_id = made.result(60)
        loaded, _, _ = run(nodes, "KhalaLoad", server=server, take_id=f" {take_id} ")
    request = claim.request
    assert (request.prompt, request.lyrics, request.duration, request.seed, request.title) == (
        "folk",
        WORDS,
        6,
        5,
        "Hi",
    )
    assert audio["sample_rate"] == RATE and audio["waveform"].shape == (1, 2, RATE)
    expected = 0.1 * np.random.default_rng(claim.seed).standard_normal((2, RATE)).astype(np.float32)
    assert audio["waveform"].dtype == np.float32 and np.allclose(audio["waveform"][0], expected, atol=1e-6)
    assert take.id == take_id == claim.take_id and np.array_equal(loaded["waveform"], audio["waveform"])
    assert comfy.shown[-1] == 100 and comfy.shown == sorted(comfy.shown)


def test_without_words_it_is_an_instrumental(nodes: Any, service: Service) -> None:
    with service.live() as live:
        (server,) = run(nodes, "KhalaServer", address=f"http://127.0.0.1:{live.port}")
        made = start(nodes, "KhalaGenerate", server=server, style="slow piano")
        (claim,) = until(lambda: service.claims.claim(1), 30)
        service.finish(claim)
        made.result(60)
    assert claim.request.instrumental and claim.request.duration == 30.0 and claim.request.best_of == 1


def test_interrupting_cancels_the_song(nodes: Any, comfy: Comfy, service: Service) -> None:
    with service.live() as live:
        (server,) = run(nodes, "KhalaServer", address=f"http://127.0.0.1:{live.port}")
        made = start(nodes, "KhalaGenerate", server=server, lyrics=WORDS, style="folk")
        (claim,) = until(lambda: service.claims.claim(1), 30)
        comfy.interrupted = True
        with pytest.raises(Interrupted):
            made.result(60)
        assert service.library.take(None, claim.take_id).state == "cancelled"


def test_what_goes_wrong_is_said_in_one_line(nodes: Any, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RuntimeError, match=r"no Khala server answers at http://127.0.0.1:1 .*khala serve"):
        run(nodes, "KhalaServer", address="http://127.0.0.1:1")
    with service.live() as live:
        address = f"http://127.0.0.1:{live.port}"
        (server,) = run(nodes, "KhalaServer", address=address)
        with pytest.raises(RuntimeError, match="500 s; the model tiny makes songs of up to 30 s"):
            run(nodes, "KhalaGenerate", server=server, lyrics=WORDS, duration=500.0)
        made = start(nodes, "KhalaGenerate", server=server, lyrics=WORDS)
        (claim,) = until(lambda: service.claims.claim(1), 30)
        service.claims.fail(claim, "the words fill all", "invalid")
        with pytest.raises(RuntimeError, match="the words fill all"):
            made.result(60)
        owner = service.library.owners.create("somebody")
        _, secret = service.library.owners.create_key(owner.id)
        with pytest.raises(RuntimeError, match="send a key"):
            run(nodes, "KhalaServer", address=address)
        monkeypatch.setenv("KHALA_API_KEY", secret)
        assert run(nodes, "KhalaServer", address=address)[0].key == secret


def test_khala_mini_sings_goes_on_and_is_edited(nodes: Any, tmp_path: Path, comfy: Comfy) -> None:
    service = Service(tmp_path, Path("mini"))
    (tmp_path / "marks").mkdir()
    workers = Workers(Site(f"sqlite:///{tmp_path}/khala.sqlite", tmp_path / "artifacts", "mini", tmp_path / "marks"))
    workers.start()
    try:
        with service.live() as live:
            (server,) = run(nodes, "KhalaServer", address=f"http://127.0.0.1:{live.port}")
            song, take, _ = run(nodes, "KhalaGenerate", server=server, lyrics=WORDS, style="folk", duration=8.0, seed=5)
            (timed,) = run(nodes, "KhalaLyrics", take=take, format="json")
            assert comfy.shown[-1] == 100
            longer, _, _ = run(nodes, "KhalaExtend", take=take, lyrics="[bridge]\nto the sea", start=6.0, duration=14.0)
            edited, _, _ = run(nodes, "KhalaEdit", take=take, section="verse")
    finally:
        workers.close()
        service.library.database.close()
    assert [line["text"] for line in json.loads(timed)] == ["Over the hills", "and far away"]
    length, more, same = (audio["waveform"].shape[2] / RATE for audio in (song, longer, edited))
    assert length + 2 < more and abs(same - length) < 1
    assert np.abs(song["waveform"]).max() > 0.1


def test_the_pack_is_imported_without_torch_and_without_khala() -> None:
    probe = (
        "import sys; sys.modules['torch'] = sys.modules['khala'] = sys.modules['numpy'] = None;"
        f"sys.path.insert(0, {str(FOLDER.parent)!r}); import comfyui; print(len(comfyui.NODE_DISPLAY_NAME_MAPPINGS))"
    )
    done = subprocess.run([sys.executable, "-I", "-c", probe], capture_output=True, text=True)
    assert done.stdout.strip() == "6", done.stderr


def test_the_example_fits_the_nodes(nodes: Any) -> None:
    flow = json.loads((FOLDER / "example_workflows" / "song.json").read_text())
    by_id = {node["id"]: node for node in flow["nodes"]}
    for node in flow["nodes"]:
        if node["type"] not in nodes:
            assert node["type"] in ("SaveAudio", "PreviewAny")
            continue
        cls = nodes[node["type"]]
        inputs = {**cls.INPUT_TYPES()["required"], **cls.INPUT_TYPES().get("optional", {})}
        sockets = {name: kind[0] for name, kind in inputs.items() if str(kind[0]).startswith("KHALA")}
        assert {one["name"]: one["type"] for one in node["inputs"]} == sockets
        assert [one["type"] for one in node["outputs"]] == list(cls.RETURN_TYPES)
        values = iter(node["widgets_values"])
        for name, (kind, *options) in inputs.items():
            if name in sockets:
                continue
            value = next(values)
            types = {"STRING": str, "FLOAT": float, "INT": int}
            assert value in kind if isinstance(kind, list) else isinstance(value, types[kind]), name
            if options and options[0].get("control_after_generate"):
                assert next(values) == "fixed"
        assert not list(values)
    for number, source, slot, target, at, kind in flow["links"]:
        given, taken = by_id[source]["outputs"][slot], by_id[target]["inputs"][at]
        assert number in given["links"] and taken["link"] == number and given["type"] == kind
        assert taken["type"] in (kind, "*")


def test_the_pack_says_what_it_is() -> None:
    said = tomllib.loads((FOLDER / "pyproject.toml").read_text())
    assert said["project"]["name"] and said["project"]["dependencies"] == [] and said["tool"]["comfy"]["DisplayName"]
