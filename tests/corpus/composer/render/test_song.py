import json
from dataclasses import replace

import numpy as np
import pyloudnorm
import pytest

from khala.corpus.composer.render import effects, mix, render_score
from khala.corpus.composer.render import song as rendering
from khala.corpus.composer.score import InstrumentPart, Mix

FRAME_SAMPLES = 2048


def beeps(parts, samples_per_beat: float, length: int) -> np.ndarray:
    """A band for tests: every note is a decaying sine."""
    stems = np.zeros((len(parts), 2, length), np.float32)
    for stem, part in zip(stems, parts, strict=True):
        for note in part.notes:
            first, last = (round(beats * samples_per_beat) for beats in (note.start, note.start + note.length))
            time = np.arange(min(last, length) - first) / 44100
            stem[:, first : first + len(time)] += (
                0.1 * np.exp(-3 * time) * np.sin(2 * np.pi * 55 * 2 ** ((note.pitch - 33) / 12) * time)
            )
    return stems


@pytest.fixture(scope="module")
def sung(bank, score):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rendering, "play_parts", beeps)
        return render_score(score(), bank)


def test_a_song_is_a_whole_number_of_frames_at_its_loudness(sung) -> None:
    assert sung.samples.shape == (2, 8 * 40 * FRAME_SAMPLES)
    assert sung.samples.dtype == np.float32
    assert np.abs(sung.samples).max() <= 10 ** (-1 / 20)
    assert pyloudnorm.Meter(44100).integrated_loudness(sung.samples.T) == pytest.approx(-16, abs=0.6)
    assert np.abs(sung.samples[:, :FRAME_SAMPLES]).max() > 0.01  # it starts with its first frame


def test_truth_says_when_words_and_phones_are_sung(sung) -> None:
    bar = 40 * FRAME_SAMPLES / 44100
    truth = sung.truth
    assert truth == json.loads(json.dumps(truth))
    assert truth["bpm"] == pytest.approx(240 / bar, abs=1e-3)
    assert [word["word"] for word in truth["words"]] == ["moon", "sister", "night"] * 3
    vowels = [phone["start"] for phone in truth["phones"] if phone["phone"] in ("uw", "ih", "er", "ay")]
    assert vowels == pytest.approx([bar * (b + beat / 4) for b in (2, 4, 6) for beat in (0, 1, 1.5, 2.5)], abs=1e-3)
    assert truth["sections"] == [
        {"name": "verse", "start": 0.0, "end": pytest.approx(8 * bar, abs=1e-3), "energy": 0.5}
    ]
    edges = np.array([[phone["start"], phone["end"]] for phone in truth["phones"]]) * 44100 / FRAME_SAMPLES
    assert np.abs(edges - np.rint(edges)).max() < 0.03, "phones have frames of their own"
    assert len(truth["vocal"]) == 3
    assert truth["vocal"][0][0] == truth["words"][0]["start"]


def test_the_voice_lies_on_top_of_the_band() -> None:
    band = np.random.default_rng(0).normal(0, 0.1, (2, 40 * FRAME_SAMPLES)).astype(np.float32)
    line = np.zeros(40 * FRAME_SAMPLES, np.float32)
    line[10 * FRAME_SAMPLES : 30 * FRAME_SAMPLES] = np.random.default_rng(1).normal(0, 0.5, 20 * FRAME_SAMPLES)
    voice = (
        mix.voice_gain(effects.presence(band), effects.presence(line)) * line[10 * FRAME_SAMPLES : 30 * FRAME_SAMPLES]
    )
    assert 20 * np.log10(voice.std() / 0.1) == pytest.approx(mix.VOICE_OVER_BAND_DB, abs=0.3)


def test_voice_is_heard_where_the_truth_says_and_nowhere_in_an_instrumental(
    monkeypatch: pytest.MonkeyPatch, bank, score
) -> None:
    monkeypatch.setattr(
        rendering, "play_parts", lambda parts, beat, length: np.zeros((len(parts), 2, length), np.float32)
    )
    alone = render_score(score(), bank)
    power = mix.block_power(alone.samples)
    time = (np.arange(len(power)) + 0.5) * FRAME_SAMPLES / 44100
    inside = np.any([(start <= time) & (time < end) for start, end in alone.truth["vocal"]], axis=0)
    assert power[inside].mean() > 50 * power[time < alone.truth["vocal"][0][0] - 0.1].mean()
    assert not render_score(score(voice=""), bank).samples.any()


def test_second_voices_and_answers_are_sung_by_the_backing_voice_at_the_side(
    monkeypatch: pytest.MonkeyPatch, bank, score
) -> None:
    monkeypatch.setattr(
        rendering, "play_parts", lambda parts, beat, length: np.zeros((len(parts), 2, length), np.float32)
    )
    plain = score()
    first, second, third = plain.lines
    lines = (replace(first, harmony=(60, 64, 62, 60)), replace(second, answer=True), third)
    backed = render_score(replace(plain, backing="ruth", lines=lines), bank)
    bar = 40 * FRAME_SAMPLES

    def sides(number: int) -> float:
        left, right = (backed.samples[:, number * bar : (number + 1) * bar] ** 2).sum(1)
        return float(right / left)

    assert sides(2) > 1.1 * sides(6) and sides(4) < 0.7 * sides(6)  # the room alone is not quite even
    assert [line["answer"] for line in backed.truth["lines"]] == [False, True, False]
    assert [note["pitch"] for note in backed.truth["harmony"]] == [60, 64, 62, 60]
    assert {note["line"] for note in backed.truth["harmony"]} == {0} and backed.truth["backing"] == "ruth"


def test_rooms_echo_and_pumping_change_what_is_heard_and_not_when(monkeypatch: pytest.MonkeyPatch, bank, score) -> None:
    monkeypatch.setattr(rendering, "play_parts", beeps)
    songs = [
        render_score(replace(score(), mix=mix), bank) for mix in (Mix(), Mix("hall"), Mix(echo=0.5), Mix(pump=0.6))
    ]
    assert all(song.truth == songs[0].truth for song in songs)
    assert all(np.abs(song.samples - songs[0].samples).max() > 0.01 for song in songs[1:])


def test_equal_bars_give_equal_samples(score) -> None:
    parts = [InstrumentPart("drums", 0, score().parts[0].notes)]
    bar = 40 * FRAME_SAMPLES
    stems = beeps(parts, bar / 4, 8 * bar)
    band, _ = mix.mix_band(parts, stems)
    assert np.array_equal(band[:, bar : 2 * bar], band[:, 2 * bar : 3 * bar])


def test_a_pan_moves_a_part_and_keeps_its_power() -> None:
    stem = np.random.default_rng(0).normal(0, 0.1, (1, 2, 20 * FRAME_SAMPLES)).astype(np.float32)
    centre, _ = mix.mix_band([InstrumentPart("comp", 0, ())], stem.copy())
    left, _ = mix.mix_band([InstrumentPart("comp", 0, (), pan=-0.5)], stem.copy())
    assert (left[0] ** 2).mean() > 3 * (left[1] ** 2).mean()
    assert (left**2).mean() == pytest.approx((centre**2).mean(), rel=0.05)


def test_loudness_agrees_with_the_reference_meter() -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, (2, 6 * 44100)).astype(np.float32)
    noise[:, 3 * 44100 :] *= 0.01  # gated
    assert mix.song_lufs(noise) == pytest.approx(pyloudnorm.Meter(44100).integrated_loudness(noise.T), abs=0.1)
