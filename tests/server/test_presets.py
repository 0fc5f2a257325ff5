from serving import Service


def test_a_preset_over_http(service: Service) -> None:
    settings = {"tags": "waltz, Piano", "instrumental": True, "takes": 3, "sampling": {"guidance": 2}}
    saved = service.client.post("/api/v1/presets", json={"name": "Waltz", "settings": settings})
    assert saved.status_code == 200
    (listed,) = service.client.get("/api/v1/presets").json()["presets"]
    assert listed == saved.json()
    given = {name: value for name, value in listed["settings"].items() if value is not None}
    assert given["tags"] == ["waltz", "Piano"] and given["takes"] == 3 and given["sampling"]["guidance"] == 2
    assert service.client.delete(f"/api/v1/presets/{listed['id']}").status_code == 204
    assert service.client.get("/api/v1/presets").json() == {"presets": []}


def test_only_settings_are_kept(service: Service) -> None:
    for settings in ({"takes": 99}, {"volume": 3}, {"sampling": {"guidance": 0}}, None):
        answer = service.client.post("/api/v1/presets", json={"name": "x", "settings": settings})
        assert answer.status_code == 422 and "\n" not in answer.json()["detail"]
    assert service.client.get("/api/v1/presets").json() == {"presets": []}
