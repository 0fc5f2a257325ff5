"""A model hub on this machine: repositories of a few files, and whatever may go wrong with them."""

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import unquote, urlsplit

COMMITS = ("0123456789abcdef0123456789abcdef01234567", "89abcdef0123456789abcdef0123456789abcdef")
LARGE = 1000
"""Bytes from which on a file is named by its sha256, as large files are."""


class Hub(ThreadingHTTPServer):
    """`put` fills repositories. `refuse`: repository -> (status, error code); `fault`: file -> "cut", "changed" or a
    status. `requests` holds the paths of requests, `downloads` the names of files."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.commits: dict[tuple[str, str], dict[str, bytes]] = {}
        self.heads: dict[str, str] = {}
        self.license = "cc-by-nc-4.0"
        self.refuse: dict[str, tuple[int, str]] = {}
        self.fault: dict[str, str | int] = {}
        self.requests: list[str] = []
        self.downloads: list[str] = []

    def put(self, repo: str, files: dict[str, bytes] | Path, commit: str = COMMITS[0]) -> None:
        """The newest commit of `repo`: a folder, or files by name."""
        if isinstance(files, Path):
            paths = [path for path in files.rglob("*") if path.is_file()]
            files = {path.relative_to(files).as_posix(): path.read_bytes() for path in paths}
        self.commits[repo, commit] = files
        self.heads[repo] = commit


@contextmanager
def serving() -> Iterator[Hub]:
    with Hub() as hub:
        thread = Thread(target=hub.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield hub
        hub.shutdown()
        thread.join()


def digest(content: bytes) -> str:
    if len(content) >= LARGE:
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    server: Hub

    def log_message(self, *_: Any) -> None:
        pass

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.server.requests.append(path)
        if match := re.fullmatch(r"/api/models/([^/]+/[^/]+)(?:/revision/(.+))?", path):
            self.info(match[1], match[2] or "main")
        elif match := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
            self.file(*match.groups())
        else:
            self.answer(404, {})

    def info(self, repo: str, revision: str) -> None:
        if repo in self.server.refuse:
            status, code = self.server.refuse[repo]
            return self.answer(status, {"X-Error-Code": code})
        if repo not in self.server.heads:
            return self.answer(404, {"X-Error-Code": "RepoNotFound"})
        commit = self.server.heads[repo] if revision == "main" else revision
        if (repo, commit) not in self.server.commits:
            return self.answer(404, {"X-Error-Code": "RevisionNotFound"})
        siblings: list[dict[str, Any]] = []
        for name, content in self.server.commits[repo, commit].items():
            entry: dict[str, Any] = {"rfilename": name, "size": len(content), "blobId": digest(content)}
            if len(content) >= LARGE:
                entry["lfs"] = {"sha256": digest(content), "size": len(content), "pointerSize": 130}
            siblings.append(entry)
        tags = [f"license:{self.server.license}"] if self.server.license else []
        info = {"id": repo, "sha": commit, "private": False, "tags": tags, "siblings": siblings}
        self.answer(200, {"Content-Type": "application/json"}, json.dumps(info).encode())

    def file(self, repo: str, commit: str, name: str) -> None:
        commit = self.server.heads[repo] if commit == "main" else commit
        content = self.server.commits[repo, commit][name]
        fault = self.server.fault.get(name)
        if isinstance(fault, int):
            return self.answer(fault, {})
        head = {"X-Repo-Commit": commit, "ETag": f'"{digest(content)}"', "Accept-Ranges": "bytes"}
        if self.command == "GET":
            self.server.downloads.append(name)
        if fault == "changed":
            content = content[:-1] + bytes([content[-1] ^ 1])
        status, first = 200, 0
        if ranged := re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", "")):
            status, first = 206, int(ranged[1])
            head["Content-Range"] = f"bytes {first}-{len(content) - 1}/{len(content)}"
        sent = content[first : len(content) // 2] if fault == "cut" else content[first:]
        if fault == "cut" and self.command == "GET":
            self.server.fault[name] = "gone"
        if fault == "gone" and self.command == "GET":
            self.connection.close()
            return None
        self.answer(status, head, sent, len(content) - first)

    def answer(self, status: int, head: dict[str, str], content: bytes = b"", length: int | None = None) -> None:
        self.send_response(status)
        for key, value in head.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(content) if length is None else length))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)
