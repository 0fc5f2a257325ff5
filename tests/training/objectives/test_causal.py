"""The causal loss against the plain one: every position, its legal rows, nothing of the padding."""

from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from khala.conditioning.outline import NUM_CONDITIONS
from khala.conditioning.phone_sequence import PHONE_CONDITIONS, UNKNOWN_PHONE
from khala.conditioning.rows import CONDITION_ROWS
from khala.corpus.data.shards import codebooks
from khala.models.lm.backbone import Backbone
from khala.models.lm.config import PAD_ID
from khala.models.presets import tiny
from khala.training.losses import Losses
from khala.training.objectives.causal import AuxiliaryTarget, causal_batch, causal_loss, corrupt_codes

CONFIG = tiny()
LAYOUT = CONFIG.backbone.layout


@pytest.fixture(scope="module")
def model(tokens: Path) -> Backbone:
    torch.manual_seed(0)
    return Backbone(CONFIG.backbone).bind_codebooks(codebooks(tokens))


def test_the_loss_is_that_of_a_plain_walk_over_the_stream(model: Backbone) -> None:
    texts = [[5, 6, 7], [9, 8, 7, 6, 5]]
    codes = [np.array([[1, 2], [3, 4]], dtype=np.int16), np.array([[5, 6, 7], [8, 9, 10]], dtype=np.int16)]
    losses = Losses()
    batch = causal_batch(texts, codes, [True, False], LAYOUT)
    total = causal_loss(model, batch, LAYOUT, losses)

    expected = {"q0": [], "q1": [], "end": []}
    for text, song, ended in zip(texts, codes, (True, False), strict=True):
        audio = [LAYOUT.audio_id(level, int(song[level, t])) for t in range(song.shape[1]) for level in (0, 1)]
        stream = [*text, *audio, *([LAYOUT.eos] if ended else [])]
        logits = model.logits(model(model.embed_tokens(torch.tensor([stream])), causal=True))[0]
        for at in range(len(text), len(stream)):
            name = "end" if stream[at] == LAYOUT.eos else f"q{(at - len(text)) % 2}"
            rows = list(LAYOUT.level_rows(1)) if name == "q1" else [*LAYOUT.level_rows(0), LAYOUT.eos]
            expected[name].append(-F.log_softmax(logits[at - 1, rows], 0)[rows.index(stream[at])].item())
    assert batch.predictions == 5 + 5 + 1 and losses.counts == {"q0": 5, "q1": 5, "end": 1}
    assert total.item() == pytest.approx(sum(map(sum, expected.values())), rel=1e-5)
    for name, mean in losses.mean().items():
        assert mean == pytest.approx(np.mean(expected[name]), rel=1e-4)


def test_phones_are_predicted_in_the_rows_of_their_letters(model: Backbone) -> None:
    texts, codes = [[5, 6, 7]], [np.array([[1, 2, 3], [3, 4, 5]], dtype=np.int16)]
    rows = torch.tensor([65, 64, 94])
    batch = causal_batch(texts, codes, [True], LAYOUT)
    target = AuxiliaryTarget("phone", rows, torch.tensor([2, UNKNOWN_PHONE, 0]), 0.5)
    losses, plain = Losses(), Losses()
    total = causal_loss(model, replace(batch, auxiliary=(target,)), LAYOUT, losses)
    without = causal_loss(model, batch, LAYOUT, plain)
    logits = model.logits(model(model.embed_tokens(batch.ids_BT), causal=True))[0]
    expected = [-F.log_softmax(logits[at, rows], 0)[target].item() for at, target in ((2, 2), (6, 0))]
    assert losses.counts["phone"] == 2 and "phone" not in plain.sums
    assert losses.sums["phone"] == pytest.approx(sum(expected), rel=1e-4)
    assert (total - without).item() == pytest.approx(0.5 * sum(expected), rel=1e-3)


def test_corrupt_codes_are_a_share_of_each_level_and_of_its_kind() -> None:
    codes = np.stack([np.arange(5000), np.arange(5000, 10_000)])
    heard = corrupt_codes(codes, 0.3, Random(1))
    changed = heard != codes
    assert changed.mean(1) == pytest.approx([0.3, 0.3], abs=0.02)
    assert changed.all(0).mean() == pytest.approx(0.3 * 0.3, abs=0.02), "one level whatever becomes of the other"
    assert set(heard[0]) <= set(codes[0]) and set(heard[1]) <= set(codes[1])
    assert len(set(heard[0][changed[0]])) > 1000


def test_conditions_are_added_where_they_belong(tokens: Path) -> None:
    torch.manual_seed(1)
    model = Backbone(replace(CONFIG.backbone, condition_rows=CONDITION_ROWS)).bind_codebooks(codebooks(tokens))
    codes = np.array([[1, 2], [3, 4]], dtype=np.int16)
    stream = torch.randint(CONDITION_ROWS, (3 + 4, NUM_CONDITIONS + PHONE_CONDITIONS))
    batch = causal_batch([[5, 6, 7], [8]], [codes, codes], [False] * 2, LAYOUT, condition_ids=[stream, stream[2:]])
    losses = Losses()
    causal_loss(model, batch, LAYOUT, losses)
    x = model.embed_tokens(batch.ids_BT)
    assert batch.condition_ids_BTC is not None and (batch.condition_ids_BTC[1, 5:] == PAD_ID).all(), (
        "padding is shown nothing"
    )
    expected = 0.0
    for row, text in enumerate((3, 1)):
        shown = stream[3 - text :]
        hidden = model(x[row : row + 1, : len(shown)] + model.embed_conditions(shown), causal=True)[0]
        q0 = F.log_softmax(
            model.logits(hidden[[text - 1, text + 1]], torch.tensor([*LAYOUT.level_rows(0), LAYOUT.eos])), -1
        )
        expected -= q0[0, 1].item() + q0[1, 2].item()
    assert losses.sums["q0"] == pytest.approx(expected, rel=1e-4)
