"""What deploy/ starts is what there is: files parse, and verbs, options and settings that they name exist."""

import re
import shlex
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from khala.server.settings import Settings

DEPLOY = Path(__file__).parents[1] / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))


def require_known(words: list[str]) -> None:
    """Fail unless `khala WORDS` is a verb with the options it is given."""
    command = typer.main.get_command(import_module(f"khala.cli.{words[0]}").app)
    known = {name for parameter in command.params for name in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= known, words


def documents() -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text()))


def test_compose_starts_a_database_a_server_and_workers() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    assert set(services) == {"database", "server", "worker"}
    for name in ("server", "worker"):
        require_known(services[name]["command"])
        assert {"KHALA_DATABASE", "KHALA_ARTIFACTS"} <= set(services[name]["environment"])
    assert services["server"]["ports"] == [f"127.0.0.1:{Settings().port}:{Settings().port}"]
    assert services["server"]["command"][-2:] == ["--workers", "0"]


def test_kubernetes_starts_the_same() -> None:
    by_name = {(found["kind"], found["metadata"]["name"]): found for found in documents()}
    assert {("Deployment", "server"), ("Deployment", "worker"), ("StatefulSet", "database")} <= set(by_name)
    for name in ("server", "worker"):
        template = by_name["Deployment", name]["spec"]["template"]
        (container,) = template["spec"]["containers"]
        require_known(container["args"])
        assert template["spec"]["enableServiceLinks"] is False  # a service `khala` would set KHALA_PORT
        assert by_name["Deployment", name]["spec"]["selector"]["matchLabels"] == template["metadata"]["labels"]
    (server,) = by_name["Deployment", "server"]["spec"]["template"]["spec"]["containers"]
    assert {server[probe]["httpGet"]["path"] for probe in ("livenessProbe", "readinessProbe")} == {
        "/healthz",
        "/readyz",
    }
    assert by_name["Service", "khala"]["spec"]["ports"][0]["targetPort"] == Settings().port


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_units(unit: Path) -> None:
    text = unit.read_text()
    assert {"[Unit]", "[Service]", "[Install]"} <= set(text.splitlines())
    (start,) = re.findall(r"^ExecStart=(.*)$", text, re.MULTILINE)
    program, *words = shlex.split(start)
    assert program == "/opt/khala/bin/khala"
    require_known(words)


def test_the_image_runs_the_server_as_nobody_special() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    (command,) = re.findall(r"^CMD (\[.*\])$", text, re.MULTILINE)
    require_known(yaml.safe_load(command))
    assert re.search(r"^USER khala$", text, re.MULTILINE)
    assert {"KHALA_DATABASE", "KHALA_ARTIFACTS"} <= set(re.findall(r"KHALA_\w+(?==)", text))


def test_the_image_has_torch_only_if_it_is_asked_for() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    assert re.search(r"^ARG TORCH=$", text, re.MULTILINE)
    assert re.search(r'^RUN \[ -z "\$TORCH" \] \|\| pip install "\$TORCH"', text, re.MULTILINE)
    (extras,) = re.findall(r'pip install "\.\[(.*?)\]"', text)
    assert extras.split(",") == ["serve", "s3"]


def test_the_image_has_all_that_the_package_is_built_from() -> None:
    lines = re.findall(r"^COPY (?!--from|web)(.*) \S+$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    copied = set(" ".join(lines).split())
    assert {"pyproject.toml", "hatch_build.py", "benchmarks", "src", "README.md", "LICENSE"} <= copied
    assert all((DEPLOY.parent / name).exists() for name in copied)


def test_the_image_builds_the_page_for_the_wheel_that_it_installs_and_takes_none_without() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    (built,) = re.findall(r"vite build --outDir (\S+)", text)
    copied = text.index(f"COPY --from=page {built} ./src/khala/server/static")
    assert copied < text.index("RUN KHALA_REQUIRE_PAGE=1 pip install")


def test_settings_that_are_named_exist() -> None:
    known = {f"KHALA_{name.upper()}" for name in Settings.model_fields} | {"KHALA_NAME", "KHALA_REQUIRE_PAGE"}
    for file in [path for path in DEPLOY.rglob("*") if path.is_file()]:
        assert set(re.findall(r"\bKHALA_[A-Z_]+\b", file.read_text())) <= known, file
