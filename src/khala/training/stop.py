"""The end of a run that somebody asks for."""

import signal
from types import FrameType


class Stop:
    """Turns an interrupt or a termination signal into a request that is met between two steps."""

    def __init__(self) -> None:
        self.asked = False

    def __enter__(self) -> "Stop":
        self.before = {number: signal.signal(number, self._ask) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self.before.items():
            signal.signal(number, handler)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
