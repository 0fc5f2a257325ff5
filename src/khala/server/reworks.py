"""Routes of reworks: a take is extended, edited or varied, which makes a new song; and the tree of its versions."""

from typing import Any

from fastapi import APIRouter, Response, status

from khala.generation.kept import KeptSong
from khala.generation.plan_rework import require_rework
from khala.generation.source import Source
from khala.music.rework import Rework
from khala.server.access import Caller
from khala.server.context import Context, ContextDep, Id, scope
from khala.server.schemas.requests import NewEdit, NewExtend, NewRework, NewVariation
from khala.server.schemas.songs import Song, Version, Versions
from khala.server.songs import IdempotencyKey, accepted

router = APIRouter(prefix="/api/v1/takes/{take_id}", tags=["takes"])


@router.post("/extend", status_code=status.HTTP_202_ACCEPTED, response_model=Song)
def extend_take(
    context: ContextDep,
    owner: Caller,
    take_id: Id,
    new: NewExtend,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> Song:
    """Go on with a finished take from a point; what is not given, the new song inherits."""
    rework = Rework("extend", new.start)
    changes = {"lyrics": new.lyrics, "duration": new.duration}
    return _submit(context, owner, take_id, rework, new, changes, response, idempotency_key)


@router.post("/edit", status_code=status.HTTP_202_ACCEPTED, response_model=Song)
def edit_take(
    context: ContextDep,
    owner: Caller,
    take_id: Id,
    new: NewEdit,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> Song:
    """Write a part of a finished take anew, between what stands before and after."""
    given = {} if new.candidates is None else {"candidates": new.candidates}
    rework = Rework("edit", new.start, new.end, new.section, **given)
    return _submit(context, owner, take_id, rework, new, {"lyrics": new.lyrics}, response, idempotency_key)


@router.post("/vary", status_code=status.HTTP_202_ACCEPTED, response_model=Song)
def vary_take(
    context: ContextDep,
    owner: Caller,
    take_id: Id,
    new: NewVariation,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> Song:
    """Make a finished take once more with another seed: all of it, from a point on, or its sound alone."""
    rework = Rework("refine" if new.refine else "vary", new.start)
    return _submit(context, owner, take_id, rework, new, {}, response, idempotency_key)


@router.get("/versions")
def get_versions(context: ContextDep, owner: Caller, take_id: Id) -> Versions:
    """Return the tree of all takes that were made out of one another, this one among them."""
    root, versions = context.library.versions(scope(owner), take_id)
    return Versions(root=root, versions=[Version.of(version) for version in versions])


def _submit(
    context: Context,
    owner: Caller,
    take_id: str,
    rework: Rework,
    new: NewRework,
    changes: dict[str, Any],
    response: Response,
    idempotency_key: str | None,
) -> Song:
    take = context.library.take(scope(owner), take_id)
    song = context.library.song(scope(owner), take.song_id)
    source = Source(KeptSong.from_bytes(context.library.kept(take)), song.request)
    config = context.models.config(song.model)
    context.models.require_digest(song.model, source.kept.digest)
    takes = 1 if new.takes is None else new.takes
    request = source.request_for(rework, config, **changes, seed=new.seed, takes=takes, title=song.title)
    require_rework(source.kept, rework, request, config)
    asked = new.model_dump(by_alias=True)
    record = context.library.rework(owner.id, take, rework, request, song.model, idempotency_key, asked)
    return accepted(response, record)
