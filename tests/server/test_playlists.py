from collections.abc import Callable

from serving import Service


def test_a_playlist_over_http(service: Service) -> None:
    songs = [service.make(seed=seed, title=f"Song {seed}") for seed in (1, 2)]
    first, second = (song["takes"][0]["id"] for song in songs)
    made = service.client.post("/api/v1/playlists", json={"name": "Evening", "takes": [first]})
    assert made.status_code == 201
    path = made.headers["location"]
    assert made.json() | {"created": ""} == {"id": path[-32:], "name": "Evening", "created": "", "takes": [first]}
    put = service.client.post(f"{path}/takes", json={"takes": [second], "before": first})
    assert put.json()["takes"] == [second, first]
    shown = service.client.get(path).json()
    assert shown["takes"] == [second, first] and {song["title"] for song in shown["songs"]} == {"Song 1", "Song 2"}
    assert service.client.patch(path, json={"name": "Night"}).json()["name"] == "Night"
    assert service.client.delete(f"{path}/takes/{second}").json()["takes"] == [first]
    assert [one["name"] for one in service.client.get("/api/v1/playlists").json()["playlists"]] == ["Night"]
    assert service.client.delete(path).status_code == 204
    assert service.client.get(path).status_code == 404
    assert service.client.get(f"/api/v1/songs/{songs[0]['id']}").status_code == 200


def test_what_is_wrong_with_a_playlist_is_one_line(service: Service) -> None:
    for body in ({"name": ""}, {"name": " "}, {"name": "a\u0000"}, {}, {"name": "x", "takes": ["../.."]}):
        answer = service.client.post("/api/v1/playlists", json=body)
        assert answer.status_code == 422 and "\n" not in answer.json()["detail"]
    unknown = service.client.post("/api/v1/playlists", json={"name": "x", "takes": ["0" * 32]})
    assert unknown.status_code == 404 and unknown.json()["detail"] == "there is no such take"
    assert service.client.get("/api/v1/playlists").json() == {"playlists": []}


def test_each_owner_has_lists_and_presets_of_their_own(serve: Callable[..., Service]) -> None:
    service = serve()
    keys = {}
    for name, role in (("ann", "user"), ("bob", "user"), ("root", "admin")):
        owner = service.library.owners.create(name, role)  # type: ignore[arg-type]
        keys[name] = {"Authorization": f"Bearer {service.library.owners.create_key(owner.id)[1]}"}
    new = {"tags": ["folk"], "instrumental": True, "duration": 5}
    take = service.client.post("/api/v1/songs", json=new, headers=keys["ann"]).json()["takes"][0]["id"]
    made = service.client.post("/api/v1/playlists", json={"name": "Ann's", "takes": [take]}, headers=keys["ann"])
    service.client.post("/api/v1/presets", json={"name": "Ann's", "settings": new}, headers=keys["ann"])
    for name in ("bob", "root"):
        assert service.client.get(made.headers["location"], headers=keys[name]).status_code == 404
        assert service.client.get("/api/v1/playlists", headers=keys[name]).json() == {"playlists": []}
        assert service.client.get("/api/v1/presets", headers=keys[name]).json() == {"presets": []}
    theirs = {"name": "mine now", "takes": [take]}
    assert service.client.post("/api/v1/playlists", json=theirs, headers=keys["bob"]).status_code == 404
    assert service.client.post("/api/v1/playlists", json=theirs, headers=keys["root"]).status_code == 201
    assert service.client.get("/api/v1/playlists").status_code == 401
