"""Takes that are made out of others by workers: by the same stages, killed or not, their parent gone or not."""

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
from service import (
    KINDS,
    Site,
    Trouble,
    Workers,
    ask,
    begun,
    ended,
    samples_digest,
    until,
)

from khala.generation.encoding import encode_song
from khala.generation.kept import KeptSong
from khala.generation.pipeline import load
from khala.jobs.library import Library
from khala.jobs.records import KEPT, SOURCE, Origin, SongRecord, TakeRecord
from khala.music.request import SongRequest
from khala.music.rework import Rework

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PARENT = ask(seed=3)
REWORKS = {
    "extend": (Rework("extend", 3.0), ask(seed=5, duration=7)),
    "edit": (Rework("edit", 1.0, 2.5, candidates=2), ask(seed=6)),
    "vary": (Rework("vary", 2.0), ask(seed=7)),
    "refine": (Rework("refine"), ask(seed=8)),
}


@pytest.fixture
def parent(site: Site, library: Library, workers: Workers) -> TakeRecord:
    """A take that is done; its worker goes on."""
    workers.start()
    return done(library, library.submit("local", PARENT, site.model)).takes[0]


def done(library: Library, song: SongRecord) -> SongRecord:
    """The song once it has ended, which it does well."""
    until(lambda: ended(library.song(None, song.id)))
    made = library.song(None, song.id)
    assert made.state == "done", [take.error for take in made.takes]
    return made


def undisturbed(site: Site, rework: Rework, request: SongRequest, folder: Path) -> str:
    """A digest of the samples that the pipeline makes of a rework without any service."""
    pipe = load(site.model, "cpu", "float32")
    (source,) = pipe.generate(PARENT)
    assert source.kept is not None
    (take,) = pipe.make([pipe.plan_rework(source.kept, rework, request)])
    return samples_digest(take.save(folder / "rework.flac").read_bytes())


def digest(library: Library, take: TakeRecord) -> str:
    return samples_digest(library.store.get(library.artifact(None, take.id, "audio.flac")))


@on_sqlite
@pytest.mark.parametrize("kind", REWORKS)
def test_a_rework_is_what_the_pipeline_makes(
    site: Site, library: Library, parent: TakeRecord, tmp_path: Path, kind: str
) -> None:
    rework, request = REWORKS[kind]
    (take,) = done(library, library.rework("local", parent, rework, request, site.model)).takes
    assert digest(library, take) == undisturbed(site, rework, request, tmp_path)
    assert {artifact.kind for artifact in take.artifacts} == {*KINDS, f"{SOURCE}{KEPT}"}
    source, made = (
        KeptSong.from_bytes(library.store.get(library.artifact(None, one.id, KEPT))) for one in (parent, take)
    )
    assert take.metadata is not None
    derived = take.metadata["derived"]
    assert derived["kind"] == kind and derived["parent"] == {"id": parent.id, "digest": source.codes_digest}
    (_, version) = library.versions(None, parent.id)[1]
    assert (version.start, version.stop) == (derived["start"], derived["end"])
    kept = source.frames if kind == "refine" else round(derived["start"] * 44100 / 2048)
    levels = slice(2 if kind == "refine" else None)
    np.testing.assert_array_equal(made.codes[levels, :kept], source.codes[levels, :kept])


@on_sqlite
@pytest.mark.parametrize("stage", ["backbone", "superres", "render"])
def test_a_worker_killed_during_a_rework_loses_it_to_another(
    site: Site, library: Library, workers: Workers, tmp_path: Path, stage: str, parent: TakeRecord
) -> None:
    workers.close()
    rework, request = REWORKS["edit"]
    song = library.rework("local", parent, rework, request, site.model)
    library.delete(None, parent.song_id)  # which it does not need any more
    workers.start(Trouble(slow=1.0))
    until(lambda: begun(site, song, stage) == [1])
    workers.close()
    workers.start()
    (take,) = done(library, song).takes
    assert digest(library, take) == undisturbed(site, rework, request, tmp_path)


@on_sqlite
def test_reworks_and_new_songs_are_made_together(
    site: Site, library: Library, workers: Workers, tmp_path: Path, parent: TakeRecord
) -> None:
    workers.close()
    songs = [library.submit("local", ask(seed=9), site.model)]
    songs += [library.rework("local", parent, *REWORKS[kind], site.model) for kind in REWORKS]
    workers.start()
    made = [done(library, song).takes[0] for song in songs]
    for kind, take in zip(REWORKS, made[1:], strict=True):
        assert digest(library, take) == undisturbed(site, *REWORKS[kind], tmp_path)
    marks = (site.marks / f"{made[0].id}-backbone").read_text()
    assert int(marks.split()[-1]) > 1, "takes of several songs are decoded in one batch"


@on_sqlite
def test_a_rework_that_cannot_be_made_fails_in_one_line(site: Site, library: Library, parent: TakeRecord) -> None:
    song = library.rework("local", parent, Rework("edit", section="chorus:7"), ask(seed=1), site.model)
    until(lambda: ended(library.song(None, song.id)))
    (take,) = library.song(None, song.id).takes
    assert (take.state, take.error_kind) == ("failed", "invalid") and "section" in str(take.error)


def test_an_uploaded_song_is_encoded_and_then_reworked(site: Site, library: Library, workers: Workers) -> None:
    at = np.arange(6 * 22050) / 22050
    file = io.BytesIO()
    soundfile.write(file, 0.3 * np.sin(440 * at * (1 + 0.1 * at)), 22050, format="FLAC")
    source = {"audio.flac": ("audio/flac", file.getvalue())}
    asked = ask(seed=1, duration=6)
    song = library.submit("local", asked, site.model, origin=Origin(), source=source)
    workers.start()
    (take,) = done(library, song).takes
    kept = KeptSong.from_bytes(library.store.get(library.artifact(None, take.id, KEPT)))
    pipe = load(site.model, "cpu", "float32")
    samples, rate = soundfile.read(io.BytesIO(file.getvalue()), dtype="float32")
    np.testing.assert_array_equal(kept.codes, encode_song(pipe.engine, samples[None], rate))
    assert take.metadata is not None and take.metadata["derived"]["kind"] == "upload"
    (again,) = done(library, library.rework("local", take, *REWORKS["edit"], site.model)).takes
    edited = KeptSong.from_bytes(library.store.get(library.artifact(None, again.id, KEPT)))
    assert len(np.unique(kept.codes)) > 5 and edited.frames == kept.frames
    assert again.metadata is not None
    first = round(again.metadata["derived"]["start"] * pipe.frame_rate)
    assert first > 10
    np.testing.assert_array_equal(edited.codes[:, :first], kept.codes[:, :first])
    assert [version.kind for version in library.versions(None, take.id)[1]] == ["upload", "edit"]
