"""Mixing of stems and voice: levels, panning, reverb, and mastering to a fixed loudness.

Only reverb and echoes have memory: levels are constant over the song (or a line) and the limiter is a static curve, so
that bars which repeat in the score repeat in the waveform.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
import scipy.fft
import scipy.signal

from khala.corpus.composer.render.effects import tone
from khala.corpus.composer.score import InstrumentPart
from khala.corpus.data.audio_format import FRAME_SAMPLES, LOUDNESS_LUFS, SAMPLE_RATE

CEILING = 10 ** (-1 / 20)
"""Largest magnitude of a sample."""
VOICE_OVER_BAND_DB = 11.0
"""dB by which a sung line's power exceeds the band's between 300 and 4000 Hz."""
_ROLES = {"drums": -1.0, "bass": -1.0, "lead": -3.0, "comp": -4.5, "pad": -9.0}  # dB, before a part's own gain
_OTHERS = -5.0
_DECAY = {"booth": 0.1, "room": 0.22, "hall": 0.45}  # seconds in which a room's reverb falls by 9 dB
_KNEE = 0.6 * CEILING  # the limiter's curve leaves the straight line here


def mix_band(parts: Sequence[InstrumentPart], stems: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the band float32 [2, n] and its reverb send float32 [n], from stems [parts, 2, n].

    A stem's own level is arbitrary, that of the sound font: each is brought to its role's level, measured while it
    plays, and then to the part's gain.
    """
    band, send = np.zeros(stems.shape[1:], np.float32), np.zeros(stems.shape[2], np.float32)
    for part, stem in zip(parts, stems, strict=True):
        power = block_power(stem)
        if not power.any():
            continue
        level = _ROLES.get(part.name, _OTHERS) + part.gain - decibels(power[power > 0.01 * power.max()].mean())
        angle = (part.pan + 1) * np.pi / 4
        sides = np.float32(10 ** (level / 20) * np.sqrt(2)) * np.array([np.cos(angle), np.sin(angle)], np.float32)
        stem *= sides[:, None]
        band += stem
        if part.reverb > 0:
            send += np.float32(part.reverb / 2) * (stem[0] + stem[1])
    return band, send


def voice_gain(band: np.ndarray, line: np.ndarray) -> float:
    """Return the factor that puts a sung line float32 [n] on top of the band [2, n], both filtered by `presence`.

    It has steps of half a decibel, so that notes which ring into a repeated line do not change it.
    """
    sung = block_power(line[None])
    active = sung > 0.03 * sung.max(initial=0.0)
    if not active.any():
        return 0.0
    level = decibels(block_power(band)[active].mean() + 1e-6) - decibels(sung[active].mean()) + VOICE_OVER_BAND_DB
    return float(10 ** (round(2 * level) / 40))


def room(send: np.ndarray, kind: str) -> np.ndarray:
    """Return the reverb float32 [2, n] of a room of `ROOMS` for what is sent into it, [n]."""
    return np.stack([scipy.signal.oaconvolve(send, side)[: len(send)] for side in _impulse(_DECAY[kind])])


def master(song: np.ndarray, tilt: float = 0.0) -> np.ndarray:
    """Return the song [2, n] without rumble, its treble tilted by `tilt` dB, its last half second faded out.

    It is at `LOUDNESS_LUFS`, or up to half a unit lower if it is dense, with no sample above `CEILING`.
    """
    song = tone(song, tilt)
    fade = min(SAMPLE_RATE // 2, song.shape[1])
    song[:, song.shape[1] - fade :] *= np.cos(np.linspace(0, np.pi / 2, fade, dtype=np.float32)) ** 2
    gain = 10 ** ((LOUDNESS_LUFS - song_lufs(song)) / 20)
    limited = _limit(song * np.float32(gain))
    gain *= 10 ** ((LOUDNESS_LUFS - song_lufs(limited)) / 20)  # what the limiter took, once more
    return _limit(song * np.float32(gain))


def song_lufs(song: np.ndarray) -> float:
    """Return the integrated loudness in LUFS (ITU-R BS.1770-4) of [2, n] at `SAMPLE_RATE`.

    The filters are applied to the spectra of steps of 100 ms.
    """
    step = SAMPLE_RATE // 10
    whole = song[:, : song.shape[1] // step * step].reshape(2, -1, step)
    spectrum = scipy.fft.rfft(whole, axis=2)
    power = ((spectrum.real**2 + spectrum.imag**2) * _ear(step)).sum((0, 2)) * (2 / step**2)
    blocks = np.convolve(power, np.full(4, 0.25), mode="valid")
    loud = blocks[blocks > 10 ** ((-70 + 0.691) / 10)]
    if not len(loud):
        return -70.0
    return float(decibels(loud[loud > 0.1 * loud.mean()].mean()) - 0.691)


def block_power(samples: np.ndarray) -> np.ndarray:
    """Return the mean power of each codec frame of [channels, n]; an incomplete last one is left out."""
    whole = samples[:, : samples.shape[1] // FRAME_SAMPLES * FRAME_SAMPLES].reshape(len(samples), -1, FRAME_SAMPLES)
    power: np.ndarray = np.einsum("cbn,cbn->b", whole, whole) / (FRAME_SAMPLES * len(samples))
    return power


def decibels(power: float) -> float:
    return float(10 * np.log10(power + 1e-12))


def _limit(song: np.ndarray) -> np.ndarray:
    """Bend what exceeds `_KNEE` towards `CEILING`, in place."""
    size = np.abs(song)
    over = size > _KNEE
    span = CEILING - _KNEE
    song[over] = np.sign(song[over]) * (_KNEE + span * np.tanh((size[over] - _KNEE) / span)).astype(np.float32)
    return song


@cache
def _impulse(decay: float) -> np.ndarray:
    """Return a room's impulse response, float32 [2, n]: decaying noise without lows and highs."""
    noise = np.random.default_rng(20).standard_normal((2, int(6 * decay * SAMPLE_RATE)))
    seconds = np.arange(noise.shape[1]) / SAMPLE_RATE
    noise *= np.exp(-seconds / decay) * np.clip(seconds / 0.01, 0, 1)
    band = scipy.signal.butter(1, [250, 5000], "bandpass", fs=SAMPLE_RATE, output="sos")
    noise = np.pad(scipy.signal.sosfilt(band, noise), ((0, 0), (SAMPLE_RATE // 80, 0)))
    impulse: np.ndarray = (noise / np.sqrt((noise**2).sum(1, keepdims=True))).astype(np.float32)
    return impulse


@cache
def _ear(step: int) -> np.ndarray:
    """Return the squared magnitude of BS.1770's two filters at the bins of a real FFT of `step` samples."""
    s = 2j * np.pi * scipy.fft.rfftfreq(step, 1 / SAMPLE_RATE)
    shelf, high = 2 * np.pi * 1681.974, 2 * np.pi * 38.135
    top = 10 ** (3.99984 / 20)
    head = (top * s**2 + top**0.49967 * s * shelf / 0.70718 + shelf**2) / (s**2 + s * shelf / 0.70718 + shelf**2)
    low_cut = s**2 / (s**2 + s * high / 0.50033 + high**2)
    weight: np.ndarray = (np.abs(head * low_cut) ** 2).astype(np.float32)
    return weight
