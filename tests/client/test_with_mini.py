"""The client, `khala serve` and Khala Mini: a song is heard while it is made, and saved."""

from pathlib import Path

import soundfile

from khala.client import Client
from khala.mcp.service import OwnService


def test_a_song_is_heard_while_it_is_made(tmp_path: Path) -> None:
    service = OwnService(tmp_path / "data")
    try:
        with Client(service.start()) as client:
            song = client.submit(tags=["folk", "piano"], instrumental=True, duration=6, seed=7)
            heard = b"".join(client.live(song.takes[0]))
            (take,) = client.wait(song).done
            assert take.duration is not None and take.seed == 7
            assert heard[:4] == b"RIFF" and len(heard) > 0.9 * take.duration * 44100 * 2 * 3
            take.save(tmp_path / "song.flac")
            assert abs(soundfile.info(tmp_path / "song.flac").duration - take.duration) < 0.1
            assert client.metadata(take)["engine"] == "onnx"
    finally:
        service.stop()
