import pytest

from khala.cli.progress import PlainProgress, progress


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_plain_lines_tell_begin_time_left_and_end(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    lines = PlainProgress(clock)
    for second in range(21):
        clock.now = float(second)
        lines("backbone", second, 20)
    lines("superres", 0, 62)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == [
        "backbone ...",
        "backbone 25%, about 15 s left",
        "backbone 50%, about 10 s left",
        "backbone 75%, about 5 s left",
        "backbone done in 20.0 s",
        "superres ...",
    ]


def test_a_stage_that_is_done_at_once_says_so_once(capsys: pytest.CaptureFixture[str]) -> None:
    lines = PlainProgress(Clock())
    lines("finish", 1, 1)
    lines("finish", 1, 1)
    assert capsys.readouterr().err.splitlines() == ["finish ...", "finish done in 0.0 s"]


def test_stages_may_overlap(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    lines = PlainProgress(clock)
    for second in range(8):
        clock.now = float(second)
        lines("backbone", second + 1, 8)
        lines("superres", second, 14)
    assert capsys.readouterr().err.splitlines() == [
        "backbone ...",
        "superres ...",
        "backbone 75%, about 2 s left",
        "superres 36%, about 9 s left",
        "backbone done in 7.0 s",
    ]


def test_quiet_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with progress(quiet=True) as report:
        report("backbone", 0, 10)
        report("backbone", 10, 10)
    assert capsys.readouterr() == ("", "")


def test_a_terminal_gets_bars(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("FORCE_COLOR", "1")
    with progress() as report:
        report("backbone", 5, 10)
        report("superres", 62, 62)
    said = capsys.readouterr()
    assert said.out == ""
    assert "backbone" in said.err and "50%" in said.err and "100%" in said.err
