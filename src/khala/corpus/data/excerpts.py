"""Training requests: the ways in which a user could ask for a song, or for an excerpt of it."""

from dataclasses import replace
from random import Random

from khala.conditioning.windows import LEAD_IN_FRAMES, is_vocal, lines_within, window_begin, window_end, window_lyrics
from khala.corpus.data.songs import TokenSong
from khala.music.request import MIN_SECONDS, SongRequest

STEADY_TAGS = ("tempo", "slow", "fast", "bpm", "vocal", "instrumental")
"""Words of tags that are rarely left out of a prompt: evaluation checks them first."""
SUNG_SHARE = 0.8
"""Share of the excerpts of sung songs that contain singing."""
MIN_REST_FRAMES = 64
"""Fewest frames without singing that make an instrumental excerpt: 3 s."""
EDGE_SHARE = 0.15
"""Windows drawn beyond either end of a song, as a share of those within; they are moved to that end."""


def vary(song: TokenSong, random: Random) -> SongRequest:
    """Return a random request that `song` fulfils: its description, or its tags, shuffled and with some left out."""
    vocal = bool(song.voice)
    tags: tuple[str, ...] = ()
    prompt = ""
    if song.description and (not song.tags or random.random() < 0.4):
        prompt = song.description
    else:
        kept = [tag for tag in song.tags if random.random() >= (0.1 if _steady(tag) else 0.25)]
        random.shuffle(kept)
        tags = tuple(kept or song.tags[:1])
    return SongRequest(
        prompt=prompt, tags=tags, lyrics=song.lyrics if vocal else "", instrumental=not vocal, duration=song.duration
    )


def excerpt(song: TokenSong, frames: int, random: Random) -> tuple[SongRequest, int, int, range]:
    """Draw an excerpt of about `frames` frames: its request, first frame, frame after the last, and lines of lyrics.

    Lines are kept whole, and the request's lyrics are these lines; where nobody sings it asks for an instrumental. If
    the times of the lines are unknown, the excerpt is the beginning of the song and has the request of the whole.
    """
    if song.voice and not song.lines:
        return vary(song, random), 0, min(frames, song.frames), range(0)
    rests = _rests(song)
    if song.lines and (not rests or random.random() < SUNG_SHARE):
        begin, end, sung = _stanza(song, frames, random)
    else:
        low, high = random.choice(rests)
        begin = random.randint(low, max(high - frames, low))
        end, sung = min(begin + frames, high), range(0)
    return _request(song, begin, end, sung, random), begin, end, sung


def window(song: TokenSong, frames: int, random: Random) -> tuple[SongRequest, int, int, range]:
    """Draw a window of up to `frames` frames of a song, or the whole of one that is no longer: as `excerpt` returns it.

    A window of a longer song begins with it, with one of its lines or where nobody sings, and cuts no line; the first
    and the last of a song come as often as those between. If the times of the lines are unknown, it is the beginning.
    """
    if song.frames <= frames or (song.voice and not song.lines):
        return vary(song, random), 0, min(frames, song.frames), range(len(song.lines))
    last = song.frames - frames
    begin = min(max(round(random.uniform(-EDGE_SHARE, 1 + EDGE_SHARE) * last), 0), last)
    spans = [line[:2] for line in song.lines]
    if any(first <= begin < end for first, end in spans):
        begin = window_begin(spans, begin, random.randint(0, LEAD_IN_FRAMES))
    end = window_end(spans, min(begin + frames, song.frames))
    sung = lines_within(spans, begin, end)
    return _request(song, begin, end, sung, random), begin, end, sung


def _request(song: TokenSong, begin: int, end: int, sung: range, random: Random) -> SongRequest:
    """Return a request for frames `begin` to `end` of a song, and the words of its lines `sung`."""
    lines = song.lines[sung.start : sung.stop]
    part = replace(
        song,
        tags=song.tags if lines or not song.voice else tuple(tag for tag in song.tags if not is_vocal(tag)),
        description=song.description if lines or not song.voice else "",
        lyrics=window_lyrics([line[2:] for line in lines]),
        voice=song.voice if lines else "",
        duration=max((end - begin) * song.duration / song.frames, MIN_SECONDS),
    )
    return vary(part, random)


def _stanza(song: TokenSong, frames: int, random: Random) -> tuple[int, int, range]:
    """Draw first frame, end and lines of a sung excerpt: as many whole lines as fit into `frames`, at least one."""
    first = random.randrange(len(song.lines))
    before = max((line[1] for line in song.lines[:first]), default=0)
    starts = song.lines[first][0]
    begin = min(max(starts - random.randint(0, LEAD_IN_FRAMES), before), starts)
    last = first + 1
    while last < len(song.lines) and song.lines[last][1] <= begin + frames:
        last += 1
    following = song.lines[last][0] if last < len(song.lines) else song.frames
    return begin, max(min(begin + frames, following), *(line[1] for line in song.lines[first:last])), range(first, last)


def _rests(song: TokenSong) -> list[tuple[int, int]]:
    """Return the spans of frames without singing that are long enough; none if every tag promises singing."""
    if song.voice and all(map(is_vocal, song.tags)):
        return []
    edges = [0, *(edge for line in song.lines for edge in line[:2]), song.frames]
    gaps = [(low, high) for low, high in zip(edges[::2], edges[1::2], strict=True) if high - low >= MIN_REST_FRAMES]
    return gaps or ([] if song.lines else [(0, song.frames)])


def _steady(tag: str) -> bool:
    return any(word in tag.lower() for word in STEADY_TAGS)
