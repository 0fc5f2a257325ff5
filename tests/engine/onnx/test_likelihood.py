import numpy as np
import pytest

from khala.engine.onnx.backbone import BackboneSession
from khala.engine.onnx.likelihood import nats
from khala.engine.pytorch.likelihood import nats as torch_nats
from khala.models.lm.backbone import Backbone

Pair = tuple[Backbone, BackboneSession]
PROMPT = [256, 65, 66, 67, 266]
CODES = np.random.default_rng(0).integers(0, 16, (2, 20)).astype(np.int16)
CONDITIONS = np.random.default_rng(1).integers(0, 40, (len(PROMPT) + 2 * 20 + 2, 3))


@pytest.mark.parametrize("conditions", [None, CONDITIONS])
def test_codes_are_as_likely_as_by_torch(conditioned: Pair, conditions: np.ndarray | None) -> None:
    model, session = conditioned
    expected = torch_nats(model, PROMPT, CODES, conditions)
    assert nats(session, PROMPT, CODES, conditions) == pytest.approx(expected, rel=1e-5)
    other = CODES.copy()
    other[1, -1] ^= 1
    assert nats(session, PROMPT, other, conditions) != pytest.approx(expected, rel=1e-5), "the last code counts"


def test_only_the_codes_behind_what_is_known_count(conditioned: Pair) -> None:
    model, session = conditioned
    for likely, one in ((nats, session), (torch_nats, model)):
        whole, first = (likely(one, PROMPT, CODES[:, :frames], CONDITIONS) for frames in (20, 13))
        assert likely(one, PROMPT, CODES, CONDITIONS, since=13) == pytest.approx(whole - first, rel=1e-4)


def test_progress_is_reported_and_may_stop_it(conditioned: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("khala.music.progress.REPORT_SECONDS", 0.0)
    told: list[tuple[str, int, int]] = []

    def stop(stage: str, done: int, total: int) -> None:
        told.append((stage, done, total))
        if len(told) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        nats(conditioned[1], PROMPT, CODES, CONDITIONS, stop)
    assert told == [("backbone", 20, 20)] * 3
