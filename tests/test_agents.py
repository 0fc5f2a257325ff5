"""What agents read: llms.txt, the skill and the configuration of agent programs. Commands and links: test_project."""

import json
import re
from pathlib import Path

import typer
import yaml

from khala.cli.mcp import app
from khala.mcp.guide import GUIDE

ROOT = Path(__file__).parents[1]
SKILL = ROOT / "skills" / "khala" / "SKILL.md"


def test_llms_txt_has_the_shape_of_the_convention() -> None:
    """https://llmstxt.org: a title, a summary as a quotation, details, then sections of links with notes."""
    head, *sections = (ROOT / "llms.txt").read_text().split("\n## ")
    assert re.match(r"# Khala\n\n> .+\n", head) and "](" not in head
    assert sections[-1].startswith("Optional\n")
    for section in sections:
        lines = section.strip().splitlines()[2:]
        assert lines and all(re.fullmatch(r"- \[.+\]\(\S+\): .+", line) for line in lines), section


def test_the_skill_says_when_to_use_it() -> None:
    _, front, text = SKILL.read_text().split("---\n", 2)
    fields = yaml.safe_load(front)
    assert fields["name"] == SKILL.parent.name and "Use when" in fields["description"]
    assert len(fields["description"]) <= 1024 and len(text.splitlines()) < 100


def test_the_skill_knows_of_songs_what_the_server_tells() -> None:
    assert (SKILL.parent / "references" / "writing-songs.md").read_text() == GUIDE


def test_the_configuration_of_agent_programs_starts_the_server() -> None:
    page = (ROOT / "docs" / "mcp.md").read_text()
    blocks = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    options = {name for parameter in typer.main.get_command(app).params for name in parameter.opts}
    assert len(blocks) == 2
    for block in blocks:
        entry = json.loads(block)["mcpServers"]["khala"]
        assert (entry["command"], entry["args"][0]) == ("khala", "mcp")
        assert {word for word in entry["args"][1:] if word.startswith("-")} <= options


def test_the_page_names_every_tool_and_resource() -> None:
    page, source = (ROOT / "docs" / "mcp.md").read_text(), (ROOT / "src/khala/mcp/server.py").read_text()
    told = set(re.findall(r"^\| (`.*?`) \|", page, re.MULTILINE))
    named = {name for cell in told for name in re.findall(r"`(.+?)`", cell)}
    assert named == set(re.findall(r"\(tools\.(\w+),", source)) | set(re.findall(r'"(khala://\S+?)"', source))
