"""The nodes, as ComfyUI describes them: classes with INPUT_TYPES, RETURN_TYPES and FUNCTION."""

import os
from typing import Any

from .comfy_side import progress, to_audio
from .service import Service, Take

KEY_VARIABLE = "KHALA_API_KEY"
"""Environment variable with the API key. It is no widget: workflows are saved in files that people share."""
CATEGORY = "audio/Khala"
MAX_SEED = 2**32 - 1

SERVER = ("KHALA_SERVER", {"tooltip": "A Khala server"})
TAKE = ("KHALA_TAKE", {"tooltip": "A song of this server"})
SEED = ("INT", {"default": 0, "min": 0, "max": MAX_SEED, "control_after_generate": True})
UNSET = -1.0
"""In a number: left to the server."""


def _text(tooltip: str, lines: bool = False) -> tuple[str, dict[str, Any]]:
    return "STRING", {"default": "", "multiline": lines, "tooltip": tooltip}


def _seconds(tooltip: str, default: float = UNSET) -> tuple[str, dict[str, Any]]:
    return "FLOAT", {"default": default, "min": UNSET, "max": 600.0, "step": 0.1, "tooltip": tooltip}


def _given(**fields: Any) -> dict[str, Any]:
    """Return the fields that are not left to the server."""
    return {name: value for name, value in fields.items() if value not in ("", UNSET, None)}


def _song(take: Take) -> tuple[dict[str, Any], Take, str]:
    return to_audio(take.wav()), take, take.id


class Node:
    CATEGORY = CATEGORY
    FUNCTION = "run"


class SongNode(Node):
    RETURN_TYPES = ("AUDIO", "KHALA_TAKE", "STRING")
    RETURN_NAMES = ("audio", "take", "take_id")


class KhalaServer(Node):
    """Where songs are made."""

    DESCRIPTION = f"A Khala server (khala serve). An API key is read from the environment variable {KEY_VARIABLE}."
    RETURN_TYPES = ("KHALA_SERVER",)
    RETURN_NAMES = ("server",)

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        return {"required": {"address": ("STRING", {"default": "http://127.0.0.1:8889"})}}

    def run(self, address: str) -> tuple[Service]:
        service = Service(address, os.environ.get(KEY_VARIABLE, ""))
        service.json("GET", "/status")  # say now that there is none
        return (service,)


class KhalaGenerate(SongNode):
    """A whole song from words."""

    DESCRIPTION = "Makes a song. Interrupting the workflow cancels it on the server."

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        return {
            "required": {
                "server": SERVER,
                "lyrics": _text("Sections in brackets: [verse], [chorus]. Empty: an instrumental.", lines=True),
                "style": _text("Such as: warm folk ballad, female vocals, 90 bpm"),
                "duration": _seconds("In seconds", 30.0),
                "seed": SEED,
            },
            "optional": {
                "title": _text("Default: none"),
                "best_of": ("INT", {"default": 1, "min": 1, "max": 8, "tooltip": "Candidates; the best one is kept"}),
                "model": _text("Name of a model. Default: the server's"),
            },
        }

    def run(
        self,
        server: Service,
        lyrics: str,
        style: str,
        duration: float,
        seed: int,
        title: str = "",
        best_of: int = 1,
        model: str = "",
    ) -> tuple[dict[str, Any], Take, str]:
        words = {"lyrics": lyrics} if lyrics.strip() else {"instrumental": True}
        fields = _given(prompt=style, duration=duration, title=title, model=model)
        return _song(server.make("/songs", {**words, **fields, "seed": seed, "best_of": best_of}, progress()))


class KhalaExtend(SongNode):
    """A song that goes on."""

    DESCRIPTION = "Goes on with a song from a point; all before it is kept."

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        return {
            "required": {"take": TAKE, "lyrics": _text("The words that follow", lines=True), "seed": SEED},
            "optional": {
                "start": _seconds("Where, in seconds. -1: after its last part, before an outro"),
                "duration": _seconds("Of all of it, in seconds. -1: the server decides"),
            },
        }

    def run(
        self, take: Take, lyrics: str, seed: int, start: float = UNSET, duration: float = UNSET
    ) -> tuple[dict[str, Any], Take, str]:
        fields = {"from": start, "lyrics": lyrics.strip(), "duration": duration}
        return _song(take.service.make(f"/takes/{take.id}/extend", {**_given(**fields), "seed": seed}, progress()))


class KhalaEdit(SongNode):
    """A song with a part of it written anew."""

    DESCRIPTION = "Writes a part of a song anew: a section, seconds, or the lines that differ. The rest is kept."

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        return {
            "required": {
                "take": TAKE,
                "lyrics": _text("All lyrics, changed where they are to change. Empty: as they are", lines=True),
                "seed": SEED,
            },
            "optional": {
                "section": _text("Such as chorus, or chorus:2"),
                "start": _seconds("In seconds. -1: the beginning"),
                "end": _seconds("In seconds. -1: the end"),
            },
        }

    def run(
        self, take: Take, lyrics: str, seed: int, section: str = "", start: float = UNSET, end: float = UNSET
    ) -> tuple[dict[str, Any], Take, str]:
        fields = _given(lyrics=lyrics.strip(), section=section.strip(), start=start, end=end)
        return _song(take.service.make(f"/takes/{take.id}/edit", {**fields, "seed": seed}, progress()))


class KhalaLoad(SongNode):
    """A song that the server has already."""

    DESCRIPTION = "Loads a take of the server by its id, which the other nodes return."

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        return {"required": {"server": SERVER, "take_id": _text("Id of a take")}}

    def run(self, server: Service, take_id: str) -> tuple[dict[str, Any], Take, str]:
        return _song(Take(server, take_id.strip()))


class KhalaLyrics(Node):
    """When the words of a song are sung."""

    DESCRIPTION = "The lyrics of a song with the times of its lines and words."
    RETURN_TYPES = ("STRING",)
    RETURN_NAMES = ("lyrics",)

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        return {"required": {"take": TAKE, "format": (["lrc", "elrc", "vtt", "srt", "json"],)}}

    def run(self, take: Take, format: str) -> tuple[str]:
        return (take.lyrics(format),)


NODE_CLASS_MAPPINGS = {
    node.__name__: node for node in (KhalaServer, KhalaGenerate, KhalaExtend, KhalaEdit, KhalaLoad, KhalaLyrics)
}
NODE_DISPLAY_NAME_MAPPINGS = {name: name.replace("Khala", "Khala: ") for name in NODE_CLASS_MAPPINGS}
