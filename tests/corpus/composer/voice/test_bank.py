import shutil
from pathlib import Path

import numpy as np
import pytest

from khala.corpus.composer.singers import SINGERS
from khala.corpus.composer.voice import ToolMissing, VoiceBank
from khala.corpus.composer.voice.bank import FFT_SIZE, Word
from khala.music.errors import KhalaError

LEXICON = {"night": ("N", "AY1", "T")}


def spoken(bank: VoiceBank, speaker: str) -> Word | None:
    """The word, or None where flite is not installed and says so."""
    if shutil.which("flite"):
        return bank.word(speaker, "night")
    with pytest.raises(ToolMissing, match="apt-get install flite"):
        bank.word(speaker, "night")
    return None


@pytest.mark.parametrize("speaker", sorted({singer.speaker for singer in SINGERS.values() if not singer.natural}))
def test_a_spoken_word_is_taken_apart_and_kept(tmp_path: Path, speaker: str, monkeypatch: pytest.MonkeyPatch) -> None:
    word = spoken(VoiceBank(LEXICON, tmp_path), speaker)
    if word:
        assert word.phones == ("n", "ay", "t")
        assert word.envelope.shape == (len(word.voiced), FFT_SIZE // 2 + 1)
        assert np.all(np.diff(word.bounds) > 0) and 0 <= word.bounds[0] < 0.01
        vowel = slice(*(word.bounds[1:3] / 0.005).astype(int))
        assert word.voiced[vowel][1:].all()
        assert not word.voiced[int(word.bounds[2] / 0.005) + 1]
        monkeypatch.setenv("PATH", "")
        kept = VoiceBank(LEXICON, tmp_path).word(speaker, "night")
        assert np.array_equal(kept.envelope, word.envelope) and kept.phones == word.phones


def test_without_flite_one_line_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ToolMissing, match=r"flite is missing.*apt-get install") as raised:
        VoiceBank(LEXICON, tmp_path).word("slt", "night")
    assert raised.value.exit_status == 2
    assert not list(tmp_path.rglob("*.npz"))


def test_a_word_outside_the_lexicon_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KhalaError, match="does not hold the word 'xylophone'"):
        VoiceBank(LEXICON, tmp_path).word("slt", "xylophone")
