"""Parse who is to sing, as far as the words of a request say it."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from khala.conditioning.wording import END, START, plain_text, wanted_text
from khala.music.reading import sections
from khala.music.remarks import Remark
from khala.music.request import SongRequest

_SINGERS = {
    **dict.fromkeys(("female", "females", "woman", "women", "girl", "girls", "lady", "ladies"), "female"),
    **dict.fromkeys(("mother", "daughter", "sister", "soprano", "mezzo", "contralto", "alto"), "female"),
    **dict.fromkeys(("male", "males", "man", "men", "boy", "boys", "guy", "guys"), "male"),
    **dict.fromkeys(("father", "son", "brother", "tenor", "baritone", "countertenor"), "male"),
}
"""Who is a singer where a voice, or somebody's singing, is spoken of."""
_WHO = rf"({'|'.join(_SINGERS)})"
_AND = "(?:and|or|&|/)"
_FILL = rf"(?: (?!(?:{'|'.join(_SINGERS)}|and|or|with|in|on|by|for|of|to|about|from|backing|background)\b)[\w'&]+)"
_SINGS = "(?:vocals?|vocalists?|vox|voices?|singers?|singing|sings|rapp(?:er|ers|ing)|raps?|duet)"
_SUNG = (
    rf"\b(?:((?:fe)?male) ?(?:{_AND} ?)?)?{_WHO}(?:'s|s')?(?: with a)?{_FILL}{{0,2}} {_SINGS}\b",
    rf"\b{_WHO} {_AND} (?:an? |the )?{_WHO}{_FILL}{{0,2}} {_SINGS}\b",
    rf"\b(?:(?:sung|performed|rapped|vocals?) by|voices? of|singers? is|duet (?:of|between|with))"
    rf"{_FILL}{{0,3}} {_WHO}(?: {_AND} (?:an? |the )?{_WHO})?\b",
    rf"{START}(?:an? )?{_WHO}(?: ?{_AND} ?(?:an? )?{_WHO})?{END}",
)
"""How it is said who sings; each group is one of `_SINGERS`."""
_PRONOUNS = {
    "female": rf"\b(?:she (?:sings|raps)|her{_FILL}? (?:voice|vocals|singing)|(?:sung|performed) by her)\b",
    "male": rf"\b(?:he (?:sings|raps)|his{_FILL}? (?:voice|vocals|singing)|(?:sung|performed) by him)\b",
}
_ELSE = (
    r"\b((?:fe)?males?)\b",
    r"\b(girl|boy) (?:group|band)\b",
    r"\b(soprano|mezzo|contralto|alto|tenor|baritone|countertenor)\b"
    r"(?! (?:sax\w*|horn|guitar|recorder|trombone|clarinet|flute|banjo|ukulele))",
)
"""What says it too, where nothing of `_SUNG` is said."""
_INSTRUMENTAL = re.compile(
    r"\binstrumental\b(?! (?:intro|outro|break|bridge|solo|interlude|section|part|passage|hook|ending)s?\b)"
)
_NOBODY = re.compile(
    r"\b(?:no|without)(?: any| an?)? (?:vocals|vocal\b(?! \w)|voices?|singers?|singing|lyrics)\b"
    r"|\b(?:vocal|voice|lyric)s? free\b|\bnon vocal\b|\bno ?(?:body|one) sings\b"
)
_SOMEBODY = re.compile(
    r"\b(?:vocals?(?! (?:chops?|samples?)\b)|vocalists?|voices?|singers?(?! songwriter)|sung|sings?|rapper"
    r"|singing(?! (?:bowls?|saw|guitars?|strings|violins?)\b)|a ?cap?pella)\b"
)
_NOT_INSTRUMENTAL = re.compile(r"\b(?:not|non|isn't)(?: an)? instrumental\b")


def parse_voice(request: Mapping[str, Any], words: Iterable[str]) -> bool | None:
    """Whether somebody is to sing (None: not said). The first of these decides: the instrumental flag, words to sing,
    the description, and lyrics that hold section tags alone, which ask for nobody."""
    if request.get("instrumental"):
        return False
    lyrics = str(request.get("lyrics") or "")
    if _has_words(lyrics):
        return True
    if wants_no_singer(words):
        return False
    return True if wants_a_singer(words) else False if lyrics else None


def wants_no_singer(words: Iterable[str]) -> bool:
    """Whether the words ask for an instrumental, or for no vocals."""
    return bool(_NOBODY.search(plain_text(words).lower()) or _INSTRUMENTAL.search(wanted_text(words).lower()))


def wants_a_singer(words: Iterable[str]) -> bool:
    """Whether the words ask for somebody who sings."""
    said = _SOMEBODY.search(wanted_text(words).lower()) or _NOT_INSTRUMENTAL.search(plain_text(words).lower())
    return bool(said or parse_singers(words))


def parse_singer(words: Iterable[str]) -> str:
    """Whether a "female" or a "male" voice is asked for; "" if neither or both are."""
    singers = parse_singers(words)
    return singers.pop() if len(singers) == 1 else ""


def parse_singers(words: Iterable[str]) -> set[str]:
    """Which of "female" and "male" the words ask for. A person who is only spoken of ("she left me") is no singer."""
    text = wanted_text(words).lower()
    singers = {sex for sex, said in _PRONOUNS.items() if re.search(said, text)}
    for patterns in _SUNG, _ELSE:
        for match in (match for pattern in patterns for match in re.finditer(pattern, text)):
            singers |= {_SINGERS[who] for who in match.groups() if who}
        if singers:
            break
    return singers


def voice_remarks(request: SongRequest, words: Iterable[str], led: bool) -> list[Remark]:
    """Remarks on contradictions about the voice; with `led` also on what a model of one singer, who sings nothing but
    lyrics, cannot do."""
    words = tuple(words)
    sung, nobody, somebody = _has_words(request.lyrics), wants_no_singer(words), wants_a_singer(words)
    if request.instrumental and somebody:
        text = "The song is an instrumental, so nobody sings, though the description asks for somebody who does."
        return [Remark("voice-contradiction", text, values={"kept": "instrumental"})]
    if nobody and sung:
        text = "The description asks for nobody to sing, but there are lyrics: they count. Leave out one of the two."
        return [Remark("voice-contradiction", text, values={"kept": "lyrics"})]
    if nobody and somebody:
        text = "The description asks both for somebody who sings and for nobody to sing. Leave out one of the two."
        return [Remark("voice-contradiction", text, values={"kept": "instrumental"})]
    if led and somebody and not request.lyrics and not request.instrumental:
        return [Remark("nothing-to-sing", "The description asks for a voice, but nobody sings without lyrics.")]
    if led and sung and len(parse_singers(words)) > 1:
        text = "A female and a male voice are asked for; the model has one singer, and the seed draws which of the two."
        return [Remark("singers", text)]
    return []


def _has_words(lyrics: str) -> bool:
    return any(section.lines for section in sections(lyrics))
