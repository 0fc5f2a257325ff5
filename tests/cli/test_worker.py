"""`khala worker` on the command line: refusals. What workers do is tested in tests/worker."""

import json
import logging
from pathlib import Path

import pytest

from khala.cli.logs import JsonFormatter
from khala.cli.main import run


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--device", "tpu"], "--device 'tpu' is unknown"),
        (["--dtype", "int3"], "--dtype 'int3' is unknown"),
        (["--engine", "tensorrt"], "--engine 'tensorrt' is unknown; choose auto, onnx, torch or torch-compiled"),
        (["--runtime-mode", "sometimes"], "choose keep_loaded or one_shot"),
        (["--database", "mysql://x/y"], "unknown kind of database URL"),
        (["--artifacts", "gopher://x"], "the artifacts URL 'gopher://x' cannot be used"),
        (["--device", "cuda:99"], "is not on this machine"),
        (["--slots", "0"], "--slots"),
    ],
)
def test_bad_options_are_one_line(
    options: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["worker", *options]) == 2
    error = capsys.readouterr().err
    assert message in error and len(error.splitlines()) == 1


def test_a_line_of_the_log_is_json_with_the_ids_of_what_it_is_about() -> None:
    record = logging.makeLogRecord({"name": "khala.worker", "levelname": "INFO", "msg": "stage %s", "args": ("done",)})
    record.__dict__ |= {"song": "s1", "take": "t1"}
    line = json.loads(JsonFormatter().format(record))
    assert (line["message"], line["level"], line["song"], line["take"]) == ("stage done", "info", "s1", "t1")
    try:
        raise ValueError("two\nlines")
    except ValueError as error:
        failed = logging.makeLogRecord({"msg": "broke", "exc_info": (type(error), error, error.__traceback__)})
    text = JsonFormatter().format(failed)
    assert "\n" not in text and "ValueError" in json.loads(text)["traceback"]
