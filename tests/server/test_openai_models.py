"""The list of models that OpenAI's clients read."""

import pytest
from serving import Service


def test_models_are_listed_and_shown(service: Service) -> None:
    listed = service.client.get("/v1/models").json()
    assert listed["object"] == "list" and [model["id"] for model in listed["data"]] == [service.settings.model, "mini"]
    for model in listed["data"]:
        assert model["object"] == "model" and model["owned_by"] == "khala" and model["created"] > 1.7e9
        assert service.client.get(f"/v1/models/{model['id']}").json() == model


@pytest.mark.parametrize("name", ["gpt-4o", "some/where", "../tiny"])
def test_others_are_not_found(service: Service, name: str) -> None:
    answer = service.client.get(f"/v1/models/{name}")
    error = answer.json()["error"]
    assert answer.status_code == 404 and error["type"] == "invalid_request_error"
    assert error["code"] in ("model_not_found", "not_found")


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/v1/files", 404), ("PUT", "/v1/models", 405)])
def test_what_is_not_there_is_refused_in_the_same_shape(service: Service, method: str, path: str, status: int) -> None:
    answer = service.client.request(method, path, headers={"Accept": "text/html"})
    assert answer.status_code == status and answer.json()["error"]["message"]
