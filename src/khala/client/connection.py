"""Where a service is, and how it is spoken to."""

import os
from typing import Any

from httpx2 import URL, InvalidURL, Timeout

from khala.music.errors import InvalidRequest

DEFAULT_URL = "http://127.0.0.1:8889"
CONNECT_SECONDS = 10.0


def arguments(url: str | None, key: str | None, timeout: float) -> dict[str, Any]:
    """Return the arguments of an httpx client for the service at `url`, or else the one that the environment names:
    KHALA_URL and KHALA_KEY. `timeout`: seconds without a sign of it. Raises InvalidRequest."""
    url, key = url or os.environ.get("KHALA_URL") or DEFAULT_URL, key or os.environ.get("KHALA_KEY")
    try:
        parsed = URL(url.rstrip("/") + "/api/v1/")
    except InvalidURL:
        parsed = URL("")
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise InvalidRequest(f"{url[:100]!r} is no address of a service; give one such as {DEFAULT_URL}")
    return {
        "base_url": parsed,
        "headers": {"Authorization": f"Bearer {key}"} if key else {},
        "timeout": Timeout(timeout, connect=CONNECT_SECONDS),
        "trust_env": parsed.host not in ("127.0.0.1", "::1", "localhost"),  # no proxy leads to this machine
    }
