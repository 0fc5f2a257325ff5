from pathlib import Path

import pytest

from khala.cli.main import run
from khala.jobs.database import Database
from khala.jobs.owners import Owners


def test_keys_are_made_listed_and_revoked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"sqlite:///{tmp_path}/khala.sqlite"

    def keys(*words: str) -> tuple[int, str, str]:
        status = run(["keys", *words, "--database", url])
        said = capsys.readouterr()
        return status, said.out, said.err

    status, first, _ = keys("add", "alice")
    assert status == 0 and first.startswith("khala_")
    _, second, _ = keys("add", "alice")
    _, admin, said = keys("add", "root", "--role", "admin")
    assert "admin" in said and len({first, second, admin}) == 3
    owners = Owners(Database(url))
    assert owners.of_key(first.strip()) == owners.of_key(second.strip())
    found = owners.of_key(admin.strip())
    assert found is not None and (found.name, found.role) == ("root", "admin")

    _, listed, _ = keys("list")
    assert len(listed.splitlines()) == 3 and first.strip() not in listed
    assert keys("revoke", listed.split()[0])[0] == 0
    assert owners.of_key(first.strip()) is None and "revoked" in keys("list")[1]


@pytest.mark.parametrize(
    ("words", "word"),
    [
        (["add", ""], "name"),
        (["add", "a\nb"], "name"),
        (["add", "bob", "--role", "king"], "king"),
        (["revoke", "nothing"], "no such key"),
        (["list", "--database", "oracle://x"], "database URL"),
    ],
)
def test_what_cannot_be_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], word: str
) -> None:
    words = words if "--database" in words else [*words, "--database", f"sqlite:///{tmp_path}/khala.sqlite"]
    assert run(["keys", *words]) == 2
    said = capsys.readouterr()
    assert word in said.err and not said.out and len(said.err.splitlines()) == 1


def test_a_role_does_not_change_by_the_way(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"sqlite:///{tmp_path}/khala.sqlite"
    run(["keys", "add", "bob", "--database", url])
    assert run(["keys", "add", "bob", "--role", "admin", "--database", url]) == 2
    assert "user" in capsys.readouterr().err


def test_limits_are_those_of_the_service_until_somebody_changes_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    where = ["--database", f"sqlite:///{tmp_path}/khala.sqlite"]
    monkeypatch.setenv("KHALA_OWNER_QUEUED", "7")
    run(["keys", "add", "bob", *where])
    assert run(["keys", "limit", "bob", "--running", "2", *where]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "bob: at most 7 takes waiting, 2 running"
    owner = Owners(Database(where[1])).all()[0]
    assert (owner.queued_limit, owner.running_limit) == (7, 2)
    assert run(["keys", "limit", "bob", "--queued", "0", *where]) == 2
    assert run(["keys", "limit", "eve", *where]) == 2
    assert "there is no owner 'eve'" in capsys.readouterr().err
