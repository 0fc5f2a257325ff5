import base64
import hashlib
import io
import re
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
import soundfile
from tinytag import TinyTag

from khala.generation.share import MARK, share_page
from khala.music.errors import InvalidRequest
from khala.music.request import SongRequest

HOSTILE = "\"'><img src=x onerror=alert(1)></script><script>alert(1)</script>${policy} $title &amp;"


def flac(seconds: float = 1.0) -> bytes:
    made = io.BytesIO()
    samples = 0.1 * np.random.default_rng(0).standard_normal((round(seconds * 44100), 2))
    soundfile.write(made, samples, 44100, format="FLAC", subtype="PCM_24")
    return made.getvalue()


def record(**fields: Any) -> dict[str, Any]:
    request = SongRequest(prompt="a calm song", lyrics="[verse]\nSing it", duration=5, seed=7, title="River")
    return {
        "request": request.to_dict(),
        "seed": 7,
        "model": {"name": "mini", "digest": "0" * 64},
        "versions": {"khala": "1.2"},
        "duration": 61.04,
        **fields,
    }


def line(text: str, start: float | None = 0.5, section: str = "verse") -> dict[str, Any]:
    end = None if start is None else start + 1
    words = [{"text": word, "start": start, "end": end} for word in text.split()]
    return {"line": 1, "section": section, "text": text, "start": start, "end": end, "sung": True, "words": words}


class Page(HTMLParser):
    """Tags, texts and attributes of a page as a browser reads them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data

    @property
    def embedded(self) -> list[str]:
        return [str(value) for name, value in self.attributes if name in ("src", "href")]


def test_the_page_holds_everything_and_asks_for_nothing() -> None:
    text = share_page(record(lyrics=[line("Sing it")]), flac())
    page = Page(text)
    assert text[:1000].count(MARK) == 1
    assert "River" in page.text and "a calm song" in page.text and "1:01" in page.text and "verse" in page.text
    assert {value.partition(";")[0] for value in page.embedded} == {"data:image/png", "data:audio/mpeg"}
    assert not re.search(r"https?:|@import|url\(|fetch|import\(", re.sub(r"base64,[^\"]*", "", text))
    (policy,) = [value for name, value in page.attributes if name == "content" and "script-src" in str(value)]
    for kind in ("script", "style"):
        inner = re.search(rf"<{kind}>(.*?)</{kind}>", text, re.DOTALL)[1]  # type: ignore[index]
        digest = base64.b64encode(hashlib.sha256(inner.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in str(policy), "a browser would refuse it"


def test_words_carry_their_times() -> None:
    text = share_page(record(lyrics=[line("Sing it", 1.5), line("Oh", None)]), flac())
    assert '<button type="button" class="line" data-start=1.50 data-end=2.50><span data-start=1.50>Sing</span>' in text
    assert "<p>Oh</p>" in text


def test_lyrics_without_times_are_shown_as_they_are() -> None:
    assert "<h2>verse</h2><p>Sing it</p>" in share_page(record(), flac())


def test_no_text_of_the_user_is_markup() -> None:
    def lines(text: str, section: str) -> list[dict[str, Any]]:
        return [line(text, 0.5, section), line(text, 0.5, section) | {"words": []}, line(text, None, section)]

    plain = Page(share_page(record(lyrics=lines("Sing", "verse")), flac()))
    request = {**record()["request"], "prompt": HOSTILE, "title": HOSTILE}
    hostile = record(
        request=request,
        model={"name": HOSTILE, "digest": ""},
        lyrics=lines(HOSTILE, HOSTILE),
        versions={"khala": HOSTILE},
    )
    page = Page(share_page(hostile, flac()))
    extra = page.tags.copy()
    for tag in plain.tags:
        extra.remove(tag)
    assert set(extra) == {"span"}, "only the words of the line are more"
    assert not any(name.startswith("on") for name, _ in page.attributes)
    assert page.text.count("<script>alert(1)</script>") >= 7, "and it is shown as it was written"


@pytest.mark.parametrize(("format", "media_type"), [("mp3", "audio/mpeg"), ("opus", "audio/ogg")])
def test_the_sound_is_compact_and_says_what_it_is(format: str, media_type: str) -> None:
    text = share_page(record(), flac(3.0), format, "Brook")
    content = base64.b64decode(re.search(rf"data:{media_type};base64,([^\"]*)", text)[1])  # type: ignore[index]
    assert len(content) < 3 * 25_000
    tag = TinyTag.get(f"x.{format}", file_obj=io.BytesIO(content))
    assert tag.title == "Brook" and abs(float(tag.duration or 0) - 3) < 0.2
    assert b"trainedAlgorithmicMedia" in content and b"a calm song" not in content and b"Sing it" not in content


@pytest.mark.parametrize(
    "fields",
    [
        {"request": None},
        {"request": {}},
        {"model": "x"},
        {"lyrics": [{}]},
        {"lyrics": [3]},
        {"lyrics": 3},
        {"duration": "long"},
        {"duration": float("nan")},
        {"lyrics": [line("x") | {"start": "a"}]},
    ],
)
def test_a_damaged_record_is_one_line(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        share_page(record(**fields), b"no audio")
    with pytest.raises(InvalidRequest, match="cannot read audio"):
        share_page(record(), b"no audio")
