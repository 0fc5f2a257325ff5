"""Parts of lyrics that are not sung: markup, chords, stage directions, speakers and repeat marks."""

import html
import re

TAG = re.compile(r"\[([^\[\]]*)\]|\{([^{}]*)\}")
"""Text in square brackets or, in ChordPro, in braces."""

_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_BREAK = re.compile(
    r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]|<(?:br|/?p|/?div|/?li|/?h\d)\b[^<>]*>|(?:\\r)?\\n", re.IGNORECASE
)
_MARKUP = re.compile(r"</?(?:b|i|u|em|strong|span|a|ul|ol|font|small|su[bp]|code|pre)\b[^<>]*>", re.IGNORECASE)
_PAGE = re.compile(
    r"""^\ ?\d+\ Contributors?.*?Lyrics(?=\[|$) | \d+(?:\.\d)?K?Embed$ | ^See\ .+\ LiveGet\ tickets.*$
      | ^You\ might\ also\ like(?=$|[A-Z\[])""",
    re.VERBOSE,
)
_CHORD = re.compile(
    r"""[A-G][#b♯♭]?(?:maj|min|m|M|dim|aug|sus|add|no|[°ø+]|[#b♯♭-]?\d{1,2}|\([^()]*\))*(?:/[A-G][#b♯♭]?)?\*?
      | N\.?C\.? | [-/|%]""",
    re.VERBOSE,
)
_BULLET = re.compile(r"^(?:[-*+•‣–]\s+|>+\s*|#{1,6}\s+)+")
_STARS = re.compile(r"(?<![\w*])(\*{1,3}|_{1,3})(?=\S)(.+?)(?<=\S)\1(?![\w*])")
_ROUND = re.compile(r"\(([^()]*)\)")
_DIRECTIVE = re.compile(
    r"(?:start_of_|so)(chorus|verse|bridge|c|v|b)\b|(chorus)\b|(?:comment|c|ci)\s*:\s*(.*)", re.DOTALL
)
_SPEAKER = re.compile(
    r"(?:him|her|he|she|both|all|every(?:one|body)|together|male|female|man|woman|boy|girl|duet|choir|group|lead|backing"
    r"|background|singer|voice)(?: (?:vocals?|voice|singer|\d))?\s*:\s+(?=\S)",
    re.IGNORECASE,
)
_TIMES = re.compile(
    r"""\s*(?: [(\[]\s*(?:x\ ?(\d)|(\d)\ ?x|(?:repeat|bis)(?:\ ?x?\ ?(\d))?(?:\ times)?)\s*[)\]]
      | (?<!\w)(?:x\ ?([2-9])|([2-9])x) )[.!]?$""",
    re.VERBOSE | re.IGNORECASE,
)
DIRECTION = re.compile(
    r"""\b(?: guitars?
      | drums? | pianos? | bass | synths? | strings | horns? | sax(?:ophone)? | violins? | flute | organ
      | beat | riff | snare | cymbals? | claps? | clapping | instrumental | music | fad(?:e|es|ing) | silence
      | paused? | whisper(?:s|ed|ing)? | softly | spoken | speaking | shout(?:s|ed|ing)? | belt(?:s|ed|ing)?
      | laugh(?:s|ing|ter)? | chuckles? | giggles? | sigh(?:s|ing)? | gasps? | sobs? | screams? | hum(?:s|ming)
      | applause | cheer(?:s|ing) | crowd | coughs? | inhales? | exhales? | a\ ?cappella | acapella | ad[-\ ]?libs?
      | vocali[sz]ing | vocals? | voices? | singers? | male | female | harmon(?:y|ies) | falsetto | autotune | tempo
      | bpm | key\ change | reverb | repeats? | style | genre | mood | energy | build(?:s|[-\ ]?up)?
      | sound\ effects? | sfx )\b""",
    re.VERBOSE | re.IGNORECASE,
)
"""Words that mark text in square brackets as a stage direction."""
_ASIDE = re.compile(
    r"""(?:softly\ |loudly\ |nervously\ |quietly\ )?
      (?: whisper(?:s|ed|ing)? | spoken(?:\ words?)? | shout(?:s|ed|ing) | laugh(?:s|ing|ter) | chuckles? | giggles?
      | sigh(?:s|ing) | gasps | sobs | screams | hum(?:s|ming) | applause | cheer(?:s|ing) | coughs | inhales | exhales
      | a\ ?cappella | ad[-\ ]?libs? | vocali[sz]ing | falsetto | instrumental(?:\ break)? | softly | loudly | pauses?
      | music\ (?:fades|stops|plays|starts) | fad(?:es?|ing)\ (?:out|in) | beat\ drops? | (?:repeat\ |to\ )fade
      | repeats?\ (?:the\ )?(?:chorus|verse) | (?:guitar|piano|sax|drum|bass|violin|synth)\ (?:solo|break|riff)
      | harmoni[sz]ing | backing\ vocals )""",
    re.VERBOSE | re.IGNORECASE,
)
"""Stage directions also in round brackets or between asterisks, where text is usually sung."""


def split_breaks(line: str) -> list[str]:
    """Split a line at HTML, Unicode and escaped line breaks, and remove HTML tags and entities."""
    decoded = _ENTITY.sub(lambda entity: html.unescape(entity[0]), line)
    return [_MARKUP.sub("", piece).replace("\\t", " ").replace('\\"', '"') for piece in _BREAK.split(decoded)]


def without_page_text(line: str) -> str:
    """Return a line without boilerplate of lyrics websites."""
    return _PAGE.sub("", line)


def is_heading(line: str) -> bool:
    """Whether a line is a Markdown heading."""
    return bool(re.match(r"[>\s]*#{1,6}\s", line))


def without_markdown(line: str) -> str:
    """Return a line without bullets and emphasis; a stage direction between asterisks ("*sighs*") becomes a tag."""

    def plain(stars: re.Match[str]) -> str:
        return f"[{stars[2]}]" if len(stars[1]) == 1 and is_direction(stars[2]) else stars[2]

    return _STARS.sub(plain, _BULLET.sub("", line))


def is_direction(text: str) -> bool:
    """Whether text in round brackets is a stage direction, not words to sing."""
    return bool(_ASIDE.fullmatch(text.strip()))


def without_directions(line: str) -> tuple[str, list[str]]:
    """Return a line without the stage directions in round brackets, and those directions."""
    left_out: list[str] = []

    def kept(aside: re.Match[str]) -> str:
        if not is_direction(aside[1]) or _TIMES.fullmatch(aside[0]):
            return aside[0]
        left_out.append(aside[0])
        return " "

    return " ".join(_ROUND.sub(kept, line).split()) if "(" in line else line, left_out


def without_speaker(line: str) -> str:
    """Return a line without its speaker ("Both: Hold on")."""
    return line[match.end() :] if (match := _SPEAKER.match(line)) else line


def split_repeat(line: str) -> tuple[str, int]:
    """Return a line without its repeat mark, and its repeat count: ("Hold on", 3) for "Hold on (x3)"."""
    if not (match := _TIMES.search(line)):
        return line, 1
    return line[: match.start()].rstrip(), max(int(next(filter(None, match.groups()), 2)), 1)


def is_chord(text: str) -> bool:
    """Whether the text is the name of a chord, as in a chord sheet."""
    return bool(_CHORD.fullmatch(text.strip()))


def is_chord_line(line: str) -> bool:
    """Whether a line consists of chords only, as above each line of words in a chord sheet."""
    words = line.split()
    return all(map(is_chord, words)) and (len(words) > 1 or bool(re.search(r"[#b♯♭\dm/]", line)))


def directive_header(inside: str) -> str | None:
    """Return the section header of a ChordPro directive ("soc" -> "chorus"), or None for other directives."""
    if not (match := _DIRECTIVE.match(inside.strip())):
        return None
    return {"c": "chorus", "v": "verse", "b": "bridge"}.get(match[1], match[1]) or match[2] or match[3].strip() or None
