"""The tree of takes that were made out of one another, and what is left in it of those that were deleted."""

import pytest
from service import ask
from sqlalchemy import select

from khala.jobs.claims import Claims
from khala.jobs.library import Library
from khala.jobs.records import KEPT, SOURCE, Origin, SongRecord, TakeRecord, Version
from khala.jobs.tables import stage_speeds
from khala.music.errors import Conflict, NotFound, TooMany
from khala.music.request import SongRequest
from khala.music.rework import Rework

EDIT = Rework("edit", 1.0, 2.5)


def make(library: Library, claims: Claims, kept: bytes = b"kept", derived: tuple[float, float] | None = None) -> None:
    """Finish the take that is next, with files of its own."""
    (claim,) = claims.claim(1)
    files = {KEPT: ("application/x-safetensors", kept), "audio.flac": ("audio/flac", b"samples")}
    made = [library.store.put(claim.song_id, claim.take_id, kind, *file) for kind, file in files.items()]
    record = {"duration": 3.0, **({"derived": dict(zip(("start", "end"), derived, strict=True))} if derived else {})}
    claims.finish_stage(claim, made, {"backbone": 0.1}, 3.0, record)


def first(library: Library, claims: Claims, owner: str = "local", **fields: object) -> SongRecord:
    song = library.submit(owner, ask(title="First", **fields))
    make(library, claims)
    return library.song(None, song.id)


def rework(library: Library, claims: Claims, take: TakeRecord, how: Rework = EDIT, owner: str = "local") -> SongRecord:
    song = library.rework(owner, library.take(None, take.id), how, ask(title=how.kind), "mini")
    make(library, claims)
    return library.song(None, song.id)


def tree(library: Library, take: TakeRecord, owner: str | None = None) -> list[tuple[str, str | None, bool]]:
    return [(one.title, one.parent_id, one.deleted) for one in library.versions(owner, take.id)[1]]


def test_a_take_that_belongs_to_no_other_is_a_tree_by_itself(library: Library, claims: Claims) -> None:
    song = first(library, claims)
    (take,) = song.takes
    root = Version(take.id, song.id, "First", None, None, None, None, "done", take.created, 3.0)
    assert library.versions("local", take.id) == (take.id, [root])


def test_a_rework_has_its_own_copy_of_what_it_is_made_of(library: Library, claims: Claims) -> None:
    (parent,) = first(library, claims).takes
    song = library.rework("local", parent, EDIT, ask(takes=2, seed=3), "mini")
    assert song.origin == library.song(None, song.id).origin == Origin(parent.id, EDIT)
    library.delete("local", parent.song_id)
    for take in song.takes:
        assert library.store.get(library.artifact(None, take.id, f"{SOURCE}{KEPT}")) == b"kept"
    assert [claim.origin for claim in claims.claim(2)] == [song.origin] * 2


def test_a_take_of_an_earlier_version_is_not_reworked(library: Library, claims: Claims) -> None:
    song = library.submit("local", ask())
    (claim,) = claims.claim(1)
    flac = library.store.put(song.id, claim.take_id, "audio.flac", "audio/flac", b"samples")
    claims.finish_stage(claim, [flac], {"backbone": 0.1}, 3.0, {"duration": 3.0})
    with pytest.raises(Conflict, match="upload its audio"):
        library.rework("local", library.take(None, claim.take_id), EDIT, ask(), "mini")


def test_versions_are_a_tree(library: Library, claims: Claims) -> None:
    (root,) = first(library, claims).takes
    (edit,) = rework(library, claims, root).takes
    (vary,) = rework(library, claims, root, Rework("vary")).takes
    (extend,) = rework(library, claims, edit, Rework("extend", 2.0)).takes
    whole = [("First", None, False), ("edit", root.id, False), ("vary", root.id, False), ("extend", edit.id, False)]
    for take in (root, edit, vary, extend):
        assert library.versions("local", take.id)[0] == root.id
        assert tree(library, take) == whole
    shown = {one.title: one for one in library.versions(None, root.id)[1]}
    assert (shown["edit"].kind, shown["edit"].start, shown["edit"].stop) == ("edit", 1.0, 2.5)
    assert (shown["extend"].start, shown["extend"].stop, shown["First"].kind) == (2.0, None, None)


def test_what_was_made_anew_counts_and_not_what_was_asked(library: Library, claims: Claims) -> None:
    (root,) = first(library, claims).takes
    song = library.rework("local", root, Rework("edit", section="chorus"), ask(), "mini")
    assert library.versions(None, root.id)[1][1].start is None
    make(library, claims, derived=(1.5, 2.0))
    (_, edit) = library.versions(None, song.takes[0].id)[1]
    assert (edit.start, edit.stop) == (1.5, 2.0)


def test_a_parent_that_is_deleted_stays_as_a_node(library: Library, claims: Claims) -> None:
    song = first(library, claims)
    (root,) = song.takes
    (edit,) = rework(library, claims, root).takes
    (last,) = rework(library, claims, edit, Rework("refine")).takes
    library.delete("local", edit.song_id)
    library.delete("local", song.id)
    assert tree(library, last) == [("First", None, True), ("edit", root.id, True), ("refine", edit.id, False)]
    assert library.versions(None, last.id)[1][1].start == 1.0
    with pytest.raises(NotFound):
        library.versions(None, edit.id)
    (other,) = rework(library, claims, last).takes
    library.delete("local", last.song_id)
    assert [title for title, *_ in tree(library, other)] == ["First", "edit", "refine", "edit"]


def test_nothing_is_left_of_a_tree_without_takes(library: Library, claims: Claims) -> None:
    song = first(library, claims)
    (edit,) = rework(library, claims, song.takes[0]).takes
    (vary,) = rework(library, claims, song.takes[0], Rework("vary")).takes
    for deleted in (song.id, edit.song_id):
        library.delete("local", deleted)
    assert [title for title, *_ in tree(library, vary)] == ["First", "vary"]
    library.delete("local", vary.song_id)
    with library.database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM lineage").scalar() == 0


def test_only_takes_that_are_done_are_reworked(library: Library, claims: Claims) -> None:
    song = library.submit("local", ask())
    with pytest.raises(Conflict, match="not done"):
        library.rework("local", song.takes[0], EDIT, ask(), "mini")


def test_a_parent_that_is_gone_leaves_no_files(library: Library, claims: Claims) -> None:
    song = first(library, claims)
    read, get = song.takes[0], library.store.get

    def get_and_delete(artifact: object) -> bytes:
        content = get(artifact)  # type: ignore[arg-type]
        library.delete(None, song.id)
        return content

    library.store.get = get_and_delete  # type: ignore[method-assign, assignment]
    with pytest.raises(NotFound):
        library.rework("local", read, EDIT, ask(), "mini")
    assert library.store.song_ids() == [] and library.songs(None).songs == ()


def test_quotas_and_keys_hold_for_reworks_too(library: Library, claims: Claims) -> None:
    (parent,) = first(library, claims).takes

    def again(how: Rework = EDIT, request: SongRequest = ask(takes=2), key: str | None = "k") -> SongRecord:  # noqa: B008
        return library.rework("local", parent, how, request, "mini", key)

    made = again()
    assert again().id == made.id
    with pytest.raises(Conflict, match="another request"):
        again(Rework("edit", 1.0, 2.0))
    with pytest.raises(TooMany):
        again(request=ask(takes=5), key=None)
    assert sorted(library.store.song_ids()) == sorted([parent.song_id, made.id])


def test_what_somebody_else_made_out_of_a_take_is_not_shown(library: Library, claims: Claims) -> None:
    other = library.owners.create("other").id
    (root,) = first(library, claims).takes
    rework(library, claims, root, owner=other)
    assert [title for title, *_ in tree(library, root, "local")] == ["First"]
    assert [title for title, *_ in tree(library, root)] == ["First", "edit"]
    with pytest.raises(NotFound):
        library.versions(other, root.id)


def test_how_fast_a_model_is_is_not_learned_from_reworks(library: Library, claims: Claims) -> None:
    (root,) = first(library, claims).takes
    library.rework("local", root, Rework("refine"), ask(), "mini")
    (claim,) = claims.claim(1)
    with library.database.read() as connection:
        before = connection.execute(select(stage_speeds)).all()
    claims.finish_stage(claim, [], {"backbone": 1000.0}, 3.0)
    with library.database.read() as connection:
        assert connection.execute(select(stage_speeds)).all() == before != []
