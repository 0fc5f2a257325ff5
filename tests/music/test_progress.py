import pytest

from khala.music import progress
from khala.music.progress import paced


def test_reports_come_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 10.0
    monkeypatch.setattr(progress.time, "monotonic", lambda: now)
    reports: list[tuple[str, int, int]] = []
    report = paced(lambda *its: reports.append(its))
    for done in range(8):
        report("backbone", done, 8)
        now += 0.1
    assert [done for _, done, _ in reports] == [3, 6]
