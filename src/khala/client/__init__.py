"""A typed client of the service (`khala serve`): the verbs of `khala.load`, over HTTP.

from khala.client import Client

with Client("http://127.0.0.1:8889") as client:
    take = client.generate(tags=["folk", "female vocals"], lyrics="[verse]\\n...", duration=60)[0]
    take.save("song.flac")

`AsyncClient` has the same verbs, to be awaited. Needs httpx2 and pydantic alone: `pip install "khala-music[client]"`.
"""

from khala.client.async_client import AsyncClient
from khala.client.client import Client
from khala.client.records import Outline, Playlist, Song, Songs, Take, Versions
from khala.client.refusals import ServiceError

__all__ = ["AsyncClient", "Client", "Outline", "Playlist", "ServiceError", "Song", "Songs", "Take", "Versions"]
