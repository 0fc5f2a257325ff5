"""Range requests (RFC 9110, section 14), which players send when somebody seeks."""

import re
from collections.abc import Callable, Iterator, Mapping

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from khala.server.problems import Refusal

_BYTES = re.compile(r"\s*bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", re.ASCII | re.IGNORECASE)


def parse_range(header: str | None, size: int) -> tuple[int, int] | None:
    """Return the bytes [start, stop) that a Range header requests of a file of `size` bytes.

    None if the whole file is the right response: no header, another unit, several ranges, invalid syntax. Raises
    Refusal ("range") if the range holds no byte of the file.
    """
    match = _BYTES.fullmatch(header or "")
    if match is None or match[1] == match[2] == "":
        return None
    if match[1] == "":  # the last n bytes
        start, stop = max(0, size - int(match[2])), size
    else:
        start, stop = int(match[1]), min(size, int(match[2]) + 1) if match[2] else size
        if match[2] and int(match[2]) < start:
            return None
    if start >= stop:
        raise Refusal("range", f"the file has {size} bytes", headers={"Content-Range": f"bytes */{size}"})
    return start, stop


def ranged(
    request: Request,
    read: Callable[[int, int], Iterator[bytes]],
    size: int,
    etag: str,
    media_type: str,
    headers: Mapping[str, str],
) -> Response:
    """Return a response with a file of `size` bytes or the requested range of it, or 304 if the client has it already.

    `read(start, stop)` returns its bytes; `etag`, without quotes, changes whenever they do.
    """
    quoted = f'"{etag}"'
    headers = {"Accept-Ranges": "bytes", "ETag": quoted, **headers}
    known = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
    if quoted in known or "*" in known:
        return Response(status_code=304, headers=headers)
    # the range of a different version is of no use: then the client needs the whole file
    same = request.headers.get("if-range", quoted) == quoted
    header = request.headers.get("range") if request.method == "GET" else None  # other methods ignore it
    part = parse_range(header, size) if same else None
    start, stop = part or (0, size)
    headers["Content-Length"] = str(stop - start)
    if part is not None:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    body = iter(()) if request.method == "HEAD" else read(start, stop)
    return StreamingResponse(body, 200 if part is None else 206, headers, media_type)
