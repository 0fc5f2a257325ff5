"""An interrupt ends work even if it arrives where Python drops exceptions."""

import signal
import sys

import pytest

from khala.cli.progress import progress


def test_an_interrupt_that_was_dropped_is_raised_at_the_next_report(monkeypatch: pytest.MonkeyPatch) -> None:
    dropped = []
    monkeypatch.setattr(sys, "unraisablehook", lambda args: dropped.append(args.exc_type))

    class Finalised:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt), progress(quiet=True) as report:
        report("backbone", 0, 2)
        Finalised()
        assert dropped == [KeyboardInterrupt]
        report("backbone", 1, 2)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_ignored_signal_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with progress(quiet=True) as report:
            signal.raise_signal(signal.SIGINT)
            report("backbone", 1, 2)
    finally:
        signal.signal(signal.SIGINT, before)
