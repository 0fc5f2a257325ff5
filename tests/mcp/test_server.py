"""`khala mcp` as an agent's program runs it: the official SDK's client over stdio, a service of its own, Khala Mini."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import soundfile
from mcp import Client, StdioServerParameters
from service import until
from serving import Service

LYRICS = "[verse]\nOver the river\nUnder the tree"


class Agent:
    """A client of the SDK: tools by their names, resources by their addresses."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def __call__(self, tool: str, **arguments: Any) -> Any:
        result = await self.client.call_tool(tool, arguments)
        assert not result.is_error, result.content
        values = result.structured_content or {}
        return values.get("result", values)

    async def refused(self, tool: str, **arguments: Any) -> str:
        result = await self.client.call_tool(tool, arguments)
        assert result.is_error
        return str(result.content[0].text)

    async def read(self, address: str) -> str:
        return str((await self.client.read_resource(address)).contents[0].text)

    async def wait(self, song: dict[str, Any]) -> dict[str, Any]:
        while song["state"] in ("queued", "running"):
            song = await self("wait_for_song", song_id=song["song_id"], seconds=5)
        return song


@asynccontextmanager
async def started(folder: Path, *words: str, **environment: str) -> AsyncIterator[Agent]:
    command = ["-m", "khala", "mcp", "--data", str(folder / "data"), *words]
    ours = {name: value for name, value in os.environ.items() if name not in ("KHALA_URL", "KHALA_KEY")}
    process = StdioServerParameters(
        command=sys.executable, args=command, env={**ours, **environment, "OMP_NUM_THREADS": "1"}
    )
    async with Client(process) as client:
        yield Agent(client)


def run(agent: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(agent())  # type: ignore[arg-type]


def processes(folder: Path) -> list[int]:
    """The processes that work in a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink() == folder:
                found.append(int(process.name))
        except OSError:
            continue
    return found


def test_an_agent_makes_a_song_and_extends_it(tmp_path: Path) -> None:
    async def agent() -> None:
        async with started(tmp_path) as ask:
            preview = await ask("preview_song", lyrics=LYRICS, tags="folk, female vocals", duration=6)
            assert preview["lines"] == 2 and preview["seconds_wanted"] > 0 and preview["voice"] == "female"
            song = await ask("make_song", lyrics=LYRICS, tags="folk, female vocals", duration=6, seed=3, title="River")
            assert song["state"] in ("queued", "running") and song["seed"] == 3
            song = await ask.wait(song)
            assert song["state"] == "done"
            (take,) = song["takes"]
            place = tmp_path / "river.flac"
            assert await ask("download_take", take_id=take["take_id"], path=str(place)) == str(place)
            assert soundfile.info(place).duration == pytest.approx(take["duration"], abs=0.1)
            assert "exists" in await ask.refused("download_take", take_id=take["take_id"], path=str(place))
            assert "Over the river" in await ask("get_timing", take_id=take["take_id"])
            longer = await ask.wait(await ask("extend_take", take_id=take["take_id"], duration=10))
            assert longer["state"] == "done" and longer["made_of"] == take["take_id"]
            assert longer["takes"][0]["duration"] > take["duration"] + 2
            assert [one["song_id"] for one in (await ask("list_songs"))["songs"]] == [
                longer["song_id"],
                song["song_id"],
            ]
            assert json.loads(await ask.read(f"khala://songs/{song['song_id']}"))["title"] == "River"
            assert json.loads(await ask.read(f"khala://takes/{take['take_id']}/record"))["seed"] == 3
            assert processes(tmp_path / "data")

    run(agent)
    until(lambda: not processes(tmp_path / "data"))


@pytest.fixture
def service(tmp_path: Path, singer: Path) -> Any:
    service = Service(tmp_path, singer)
    yield service
    service.library.database.close()


def test_a_service_that_runs_is_asked(service: Service, tmp_path: Path) -> None:
    async def agent(url: str) -> None:
        async with started(tmp_path, "--url", url) as ask:
            song = await ask("make_song", tags="folk", instrumental=True, duration=8, takes=2)
            assert (await ask("wait_for_song", song_id=song["song_id"], seconds=0))["state"] == "queued"
            await asyncio.to_thread(service.work, 8.0)
            take, other = (one["take_id"] for one in (await ask.wait(song))["takes"])
            for tool, given in (
                ("edit_take", {"start": 2, "stop": 4.5}),
                ("vary_take", {"start": 2, "seed": 4}),
                ("vary_take", {"refine": True}),
            ):
                made = await ask(tool, take_id=take, **given)
                assert made["made_of"] == take
                assert (await ask("cancel_song", song_id=made["song_id"]))["state"] == "cancelled"
            assert "leave out start" in await ask.refused("vary_take", take_id=other, start=2, refine=True)
            assert "an instrumental cannot have lyrics" in await ask.refused(
                "make_song", lyrics=LYRICS, instrumental=True
            )
            assert "relative" in await ask.refused("download_take", take_id=take, path="a.wav")
            assert "not known when the words" in await ask.refused("get_timing", take_id=take)
            assert await ask.read(f"khala://songs/{song['song_id']}/lyrics") == ""
            with pytest.raises(Exception, match="no such song"):
                await ask.read(f"khala://songs/{'0' * 32}")

    with service.live() as live:
        run(lambda: agent(f"http://127.0.0.1:{live.port}"))
    assert not (tmp_path / "data").exists()


def test_what_an_agent_is_told(tmp_path: Path) -> None:
    async def agent() -> None:
        async with started(tmp_path, "--url", "http://127.0.0.1:9") as ask:
            assert "khala://guide" in str(ask.client.instructions)
            assert "[chorus]" in await ask.read("khala://guide")
            tools = (await ask.client.list_tools()).tools
            assert len(tools) == 10
            for tool in tools:
                assert tool.description and len(tool.description) > 60
                assert "  " not in tool.description.replace("\n", "")
            (make,) = [tool for tool in tools if tool.name == "make_song"]
            assert "[verse]" in make.input_schema["properties"]["lyrics"]["description"]
            assert "no service answers at http://127.0.0.1:9" in await ask.refused("list_songs")

    run(agent)


def test_its_own_service_may_not_start(tmp_path: Path) -> None:
    async def agent() -> None:
        async with started(tmp_path, KHALA_MODEL="nobody") as ask:
            said = await ask.refused("list_songs")
            assert "khala serve does not start: there is no model 'nobody'" in said

    run(agent)
