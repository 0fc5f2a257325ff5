"""Routes in OpenAI's shape that list the available models."""

from fastapi import APIRouter

from khala.server.access import Caller
from khala.server.context import Context, ContextDep
from khala.server.openai_errors import OPENAI_PATHS
from khala.server.problems import FieldError, Refusal
from khala.server.schemas.openai import OpenAIModel, OpenAIModels
from khala.weights.names import ModelInfo

router = APIRouter(prefix=OPENAI_PATHS.rstrip("/"), tags=["speech"])


@router.get("/models")
def list_openai_models(context: ContextDep, owner: Caller) -> OpenAIModels:
    """Return the available models, the default one first."""
    return OpenAIModels(data=[_described(model) for model in context.models.all()])


@router.get("/models/{model:path}")
def get_openai_model(context: ContextDep, owner: Caller, model: str) -> OpenAIModel:
    """Return one of them."""
    require_model(context, model)
    return next(_described(one) for one in context.models.all() if one.name == model)


def require_model(context: Context, name: str) -> None:
    """Raise Refusal unless there is a model of this name."""
    known = [model.name for model in context.models.all()]
    if name not in known:
        problem = f"there is no model {name[:100]!r}; choose {', '.join(known)}"
        raise Refusal("not-found", problem, [FieldError(field="model", message=problem)])


def _described(model: ModelInfo) -> OpenAIModel:
    organisation = model.name.partition("/")[0] if "/" in model.name else ""  # of a hub's name; a path has none
    return OpenAIModel(
        id=model.name, created=int(model.folder.stat().st_mtime), owned_by=organisation.strip(".") or "khala"
    )
