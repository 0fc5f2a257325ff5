"""What an agent is told about making songs, beside the descriptions of the tools."""

from importlib.resources import files

INSTRUCTIONS = """\
Khala makes whole songs with singing from words. Songs are made in the background by a durable queue.
The usual way: preview_song -> fix what its remarks say -> make_song -> wait_for_song until the state is "done" \
-> download_take.
A song has one take or more; what is downloaded, extended, edited or varied is a take, by its id. A take of another \
song is never changed: every rework is a new song.
Read the resource khala://guide before you write lyrics."""

GUIDE = files("khala.mcp").joinpath("guide.md").read_text(encoding="utf-8")
