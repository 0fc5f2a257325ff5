"""Which files of a folder are songs, and which lie beside one, whatever system named them."""

from pathlib import Path
from unicodedata import normalize

from khala.audio.listing import files_beside, songs_in


def put(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")


def test_songs_are_listed_by_their_endings_hidden_ones_left_out(tmp_path: Path) -> None:
    songs = ["album/b.OGG", "album/c.aiff", "d.Mp3", "e.caf"]
    put(tmp_path, *songs, "._d.Mp3", ".trash/f.wav", "__MACOSX/._d.Mp3", "d.txt", "g.m4a", "h.wav/cover.jpg")
    (tmp_path / "i.wav").symlink_to(tmp_path / "gone.wav")
    found = [path.relative_to(tmp_path).as_posix() for path in songs_in(tmp_path)]
    assert found == [*songs, "i.wav"], "a link that leads nowhere is named when it is read"
    assert [path.name for path in songs_in(tmp_path, (".m4a",))] == ["g.m4a"]
    hidden = tmp_path / ".trash"
    assert [path.name for path in songs_in(hidden)] == ["f.wav"], "a hidden folder may be asked for"


def test_what_lies_beside_a_song(tmp_path: Path) -> None:
    put(tmp_path, "LOUD.mp3", "loud.LRC", "Loud_Lyrics.txt", "loud.caption.txt", "quiet.lrc", normalize("NFC", "é.TXT"))
    found = files_beside(tmp_path / "LOUD.mp3")
    assert {key: path.name for key, path in found.items()} == {
        ".mp3": "LOUD.mp3",
        ".lrc": "loud.LRC",
        "_lyrics.txt": "Loud_Lyrics.txt",
        ".caption.txt": "loud.caption.txt",
    }
    assert files_beside(tmp_path / normalize("NFD", "É.mp3"))[".txt"].name == normalize("NFC", "é.TXT")
    assert files_beside(tmp_path / "gone" / "a.mp3") == {}


def test_the_same_name_goes_before_one_like_it(tmp_path: Path) -> None:
    put(tmp_path, "a.txt", "A.txt")
    assert files_beside(tmp_path / "a.mp3")[".txt"].name == "a.txt"
    assert files_beside(tmp_path / "A.mp3")[".txt"].name == "A.txt"
