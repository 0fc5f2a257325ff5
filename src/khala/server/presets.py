"""Routes of presets: settings for songs that an owner keeps under a name."""

from fastapi import APIRouter, status

from khala.server.access import Caller
from khala.server.context import ContextDep, Id
from khala.server.schemas.playlists import NewPreset, Preset, Presets

router = APIRouter(prefix="/api/v1", tags=["presets"])


@router.get("/presets")
def list_presets(context: ContextDep, owner: Caller) -> Presets:
    """List the caller's own presets, by name."""
    return Presets(presets=[Preset.of(one) for one in context.library.presets.all(owner.id)])


@router.post("/presets")
def save_preset(context: ContextDep, owner: Caller, new: NewPreset) -> Preset:
    """Save settings under a name. They replace those of that name, and need not make a complete song."""
    return Preset.of(context.library.presets.save(owner.id, new.name, new.settings.model_dump(exclude_none=True)))


@router.delete("/presets/{preset_id}", status_code=status.HTTP_204_NO_CONTENT)
def delete_preset(context: ContextDep, owner: Caller, preset_id: Id) -> None:
    """Delete a preset."""
    context.library.presets.delete(owner.id, preset_id)
