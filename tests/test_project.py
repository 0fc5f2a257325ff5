"""The project keeps its word: documented commands exist, imports run downward and lightly, files stay short."""

import ast
import re
import shlex
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
import typer
import yaml

import khala
from khala.cli.main import VERBS

ROOT = Path(__file__).parents[1]
PAGES = [page for folder in ("*", "docs/**/*", "recipes/*/*") for page in sorted(ROOT.glob(f"{folder}.md"))]
MODULES = sorted((ROOT / "src" / "khala").rglob("*.py"))
PAGES += [ROOT / "llms.txt", *sorted(ROOT.glob("skills/**/*.md"))]
LONGEST = 350
"""Lines of a module."""
SHELL = re.compile(r"```(?:sh|powershell)(?: \w+)?\n(.*?)```", re.DOTALL)


def commands(program: str) -> list[list[str]]:
    """The calls of `program` in the shell blocks of all pages, as words."""
    lines = (line for page in PAGES for block in SHELL.findall(page.read_text()) for line in block.splitlines())
    calls = [shlex.split(line, comments=True) for line in lines]
    return [call for call in calls if call[:1] == [program]]


def test_make_targets_of_the_pages_exist_and_test_is_what_ci_runs() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    asked = {target for call in commands("make") for target in call[1:]}
    assert {"song", "studio", "test"} <= asked <= targets
    ran = re.findall(r"^(?:exec )?make ([a-z-]+)$", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)
    assert ran == ["clone-test", "test"] and set(ran) <= targets


@pytest.mark.parametrize("call", commands("khala"), ids=shlex.join)
def test_commands_of_the_pages_have_the_verbs_and_options_they_use(call: list[str]) -> None:
    command = typer.main.get_command(import_module(f"khala.cli.{call[1]}").app)
    rest = call[2:]
    if hasattr(command, "commands"):
        command, rest = command.commands[rest[0]], rest[1:]
    known = {name for parameter in command.params for name in parameter.opts}
    assert {word for word in rest if re.match(r"--?[a-z]", word)} <= known


def test_every_verb_of_the_command_line_page_exists() -> None:
    page = (ROOT / "docs" / "cli.md").read_text()
    assert set(re.findall(r"`khala ([a-z]+)", page)) == set(VERBS)


def test_benchmarks_of_the_pages_exist() -> None:
    scripts = [Path(call[1]) for call in commands("python")]
    assert scripts and all((ROOT / script).is_file() for script in scripts)


def anchors(page: Path) -> set[str]:
    """The names by which links reach the headings of a page, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target, anchor in re.findall(r"\]\(([^)#:]*)(?:#([^)]*))?\)", page.read_text()):
        there = page.parent / target if target else page
        assert there.exists(), f"{page.name} links to {target}"
        assert not anchor or anchor in anchors(there), f"{page.name} links to {target}#{anchor}"


def test_extras_that_the_pages_name_exist() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    named = [
        names for page in PAGES for names in re.findall(r"(?:khala-music|WHEEL|\.whl)\[([\w,]+)\]", page.read_text())
    ]
    assert len(named) > 5 and {name for names in named for name in names.split(",")} <= extras.keys()


def test_badges_say_what_the_package_says() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    badges = dict(re.findall(r"badge/(\w+)-(.*?)-\w{6}\)", (ROOT / "README.md").read_text()))
    assert badges["licence"].replace("--", "-") == project["license"]
    assert badges["python"].removesuffix("_or_newer") == project["requires-python"].removeprefix(">=")
    assert "torch" not in str(project["dependencies"]) and badges["GPU"] == "not_needed"


def test_the_citation_and_the_changes_are_of_this_version() -> None:
    citation = (ROOT / "CITATION.cff").read_text()
    assert f"\nversion: {khala.__version__}\n" in citation and "\nlicense: Apache-2.0\n" in citation
    assert f" ({khala.__version__})" in (ROOT / "CHANGELOG.md").read_text()


def test_issue_templates_ask_for_what_helps() -> None:
    forms = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
    asked = {form.name: yaml.safe_load(form.read_text()) for form in forms}
    assert asked.pop("config.yml") == {"blank_issues_enabled": True}
    for name, form in asked.items():
        assert {"name", "description", "body"} <= form.keys(), name
        assert all(field["attributes"]["label"] for field in form["body"]), name
    assert "khala doctor" in str(asked["wrong.yml"])


def test_the_package_exports_what_it_says_and_imports_nothing_heavy() -> None:
    probe = "import sys, khala; sys.exit(bool({'torch', 'numpy', 'typer', 'rich'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", probe]).returncode == 0
    assert {"load", "SongRequest", "Pipeline", "__version__"} <= set(khala.__all__)
    for name in khala.__all__:
        assert getattr(khala, name) is not None
    with pytest.raises(AttributeError):
        khala.nothing  # noqa: B018


def test_imports_run_downward() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def imports_of(module: Path) -> set[str]:
    """The modules of Khala that one imports anywhere: for types and within functions, too. A package that exports names
    on first use (`__init__`) is no user of theirs."""
    if module.name == "__init__.py":
        return set()
    found = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


def test_no_imports_run_in_a_circle_hidden_ones_included() -> None:
    names = {".".join(module.relative_to(ROOT / "src").with_suffix("").parts): module for module in MODULES}
    left = {name: imports_of(module) & names.keys() - {name} for name, module in names.items()}
    while leaves := [name for name, used in left.items() if not used & left.keys()]:
        for name in leaves:
            del left[name]
    assert not left, f"in circles, or above one: {sorted(left)}"


def test_modules_are_short_explain_themselves_and_never_unpickle() -> None:
    for module in MODULES:
        text = module.read_text()
        assert len(text.splitlines()) <= LONGEST, f"{module} is long"
        assert not text.strip() or text.startswith('"""'), f"{module} does not say what it is for"
        assert not re.search(r"^\s*(import|from) pickle\b|torch\.load\(", text, re.MULTILINE), f"{module} unpickles"


def test_every_package_is_on_the_map() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text()
    for package in (ROOT / "src" / "khala").iterdir():
        if package.is_dir() and package.name != "__pycache__":
            assert re.search(rf"^  {package.name}/", page, re.MULTILINE), (
                f"{package.name} is missing from ARCHITECTURE.md"
            )


BESIDE = re.compile(r"__file__\)(?:\.resolve\(\))?(?:\.parents\[(\d+)\]|((?:\.parent)+))")
"""How far up from itself a file goes."""
FURNISHED = re.compile(r"""["']/(?:home|mnt|root|srv|work|Users)/""")
"""Paths of one's own machine."""


@pytest.mark.parametrize("folder", ["tests", "benchmarks", "recipes", "integrations", "web", ".ci"])
def test_nothing_is_read_beside_the_checkout(folder: str) -> None:
    listed = subprocess.run(["git", "ls-files", folder], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    files = [ROOT / name for name in listed.split() if Path(name).suffix in (".py", ".sh", ".ts", ".tsx", ".mjs", "")]
    assert files
    for file in files:
        text = file.read_text(errors="ignore")
        for ups, parents in BESIDE.findall(text):
            up = int(ups) if ups else parents.count(".parent") - 1
            assert file.parents[up].is_relative_to(ROOT), f"{file} looks above the checkout"
        assert not FURNISHED.search(text), f"{file} names a path of somebody's machine"


def test_what_the_fixtures_are_is_said_and_none_is_left_out_of_the_repository() -> None:
    folder = ROOT / "tests" / "fixtures"
    said = (folder / "README.md").read_text()
    held = subprocess.run(["git", "ls-files", folder], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    found = {str(path.relative_to(ROOT)) for path in folder.rglob("*") if path.is_file()}
    assert found and found == set(held.splitlines())
    for path in folder.glob("*/*"):
        assert path.name.removesuffix(".safetensors") in said, f"{path} is not explained"
    assert "official-a" in said and not list(folder.rglob("*.y*ml"))


def test_the_page_fits_one_screen() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 60
