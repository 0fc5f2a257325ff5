"""Preview a request before anything is computed: what is sung, when, and remarks for the person who asks."""

from copy import copy
from dataclasses import dataclass, replace
from functools import lru_cache

from khala.conditioning.form import plan_form, playable_tempi, wanted_seconds
from khala.conditioning.harmony import chord_remarks, with_chords
from khala.conditioning.outline import Outline
from khala.conditioning.request_terms import description_remarks
from khala.conditioning.singable import Singable, as_spelled, in_phones
from khala.conditioning.vocabulary import knows, require_vocabulary
from khala.models.config import ModelConfig
from khala.music.languages import LANGUAGE_NAMES, latin_language
from khala.music.lyrics import detect_script
from khala.music.phones import LETTERS, phonetic
from khala.music.prompt import PromptStyle
from khala.music.reading import Lyrics, read_lyrics
from khala.music.remarks import Remark
from khala.music.request import SongRequest

VOWELS = frozenset(LETTERS[:16])
SCRIPT_NAMES = {"han": "Chinese", "kana": "Japanese", "hangul": "Korean"}


@dataclass(frozen=True)
class Preview:
    """A request as a model will sing it. `request` has its lyrics reduced to what is sung, in the lines in which it is
    (`singable`); `lyrics` are those that were given, as read. `outline` is None for a model without
    conditions."""

    request: SongRequest
    lyrics: Lyrics
    singable: Singable
    outline: Outline | None
    wanted_seconds: float | None
    remarks: tuple[Remark, ...] = ()

    @property
    def placed(self) -> frozenset[int]:
        """The given lines, by number from 0, that the model can sing and the outline has a place for."""
        sources = self.singable.sources
        missing = sources[len(self.outline.lines) :] if self.outline else ()
        return frozenset(sources) - frozenset(missing)

    @property
    def unsung(self) -> int:
        """The number of given lines that will not be sung, or not to their end."""
        return len(self.lyrics.lines) - len(self.placed)


def preview(request: SongRequest, config: ModelConfig) -> Preview:
    """What a model will make of a request, by its words alone. What they leave open is drawn by the request's seed.

    Raises ModelError for a model of other conditions."""
    require_vocabulary(config)
    return _preview(
        request, config.prompt, config.frame_rate, config.backbone.condition_rows > 0, knows(config, "chord")
    )


@lru_cache(64)
def _preview(request: SongRequest, style: PromptStyle, rate: float, outlined: bool, plays_chords: bool) -> Preview:
    lyrics = read_lyrics(request.lyrics)
    singable = in_phones(lyrics) if style.lyrics == "phones" else as_spelled(lyrics)
    sung = _with_lyrics(request, singable.lyrics.text or "[inst]") if request.lyrics else request
    sections = singable.lyrics.sections
    outline = plan_form(sung, rate, sections) if outlined else None
    if outline and plays_chords:
        outline = with_chords(outline, lyrics.sections, request.chords)
    found = Preview(sung, lyrics, singable, outline, wanted_seconds(sung, rate, sections))
    on_chords = chord_remarks(lyrics.sections, plays_chords, request.chords, outline.key if outline else -1)
    return replace(found, remarks=(*_remarks(found, request, style, rate), *on_chords))


def count_syllables(line: str) -> int:
    """Syllables of a line: vowels of English words; one each of the characters of other scripts that stand for one, and
    one for two letters of the rest."""
    phones = phonetic(line)
    others = [char for char in phones if char.isalpha() and char not in LETTERS]
    whole = sum(detect_script(char) in ("han", "kana", "hangul") for char in others)
    return sum(char in VOWELS for char in phones) + whole + (len(others) - whole + 1) // 2


def _with_lyrics(request: SongRequest, text: str) -> SongRequest:
    """The request with other lyrics, which may be a little longer than a request's own: headers are now in brackets."""
    changed = copy(request)
    object.__setattr__(changed, "lyrics", text)
    return changed


def _remarks(found: Preview, request: SongRequest, style: PromptStyle, rate: float) -> list[Remark]:
    tempi = playable_tempi(request, rate) if found.outline else None
    remarks = [*found.lyrics.remarks, *description_remarks(request, tempi)]
    lines = found.lyrics.lines
    if request.lyrics and not request.instrumental and not lines:
        remarks.append(Remark("no-words", "The lyrics hold no words to sing, so nobody sings."))
    if style.lyrics == "phones":
        remarks += [*_description_script(request), *_language_remarks(found)]
    return [*remarks, *_length_remarks(found)] if lines else remarks


def _description_script(request: SongRequest) -> list[Remark]:
    """A remark on a description that is not in Latin letters, by a model that reads English alone."""
    script = detect_script(request.prompt or " ".join(request.tags))
    if script in ("", "latin", "mixed"):
        return []
    text = f"The description is in {_script_name(script)} script; the model reads English alone and ignores it."
    return [Remark("description-script", text, values={"script": script})]


def _language_remarks(found: Preview) -> list[Remark]:
    """Remarks on words that are not English."""
    lines, out = found.lyrics.lines, found.singable.left_out
    remarks = []
    if out:
        first = lines[out[0]]
        script = detect_script(first.text)
        what = f"{_lines(len(out))}" + (f" in {_script_name(script)} script" if script not in ("", "mixed") else "")
        verb = "is" if len(out) == 1 else "are"
        end = ", so nobody sings." if len(out) == len(lines) else "."
        text = f"The model sings English alone: {what} {verb} left out{end}"
        remarks.append(Remark("script", text, first.number, {"count": len(out), "script": script, "of": len(lines)}))
    if found.singable.partly:
        first = lines[found.singable.partly[0]]
        text = f"Words of {_lines(len(found.singable.partly))} are left out: the model sings English alone."
        remarks.append(Remark("words-left-out", text, first.number, {"count": len(found.singable.partly)}))
    language = latin_language("\n".join(row.text for row in found.singable.lyrics.lines))
    if language not in (None, "en"):
        text = f"The lyrics look {LANGUAGE_NAMES[language]}; the model sings them as if they were English."
        remarks.append(Remark("language", text, None, {"language": language, "name": LANGUAGE_NAMES[language]}))
    return remarks


def _length_remarks(found: Preview) -> list[Remark]:
    """Remarks on whether the words fit the song."""
    remarks = []
    missing = found.unsung - len(found.singable.left_out)
    wanted = found.wanted_seconds
    if found.outline is not None and missing > 0:
        text = f"The song is too short for {_lines(missing)} of the lyrics; all of them want about {wanted:.0f} s."
        remarks.append(Remark("lines-unsung", text, None, {"count": missing, "seconds": wanted}))
    elif wanted is not None and found.outline is None and wanted > 2 * found.request.duration:
        text = f"These lyrics want about {wanted:.0f} s; words may be swallowed in {found.request.duration:.0f} s."
        remarks.append(Remark("too-much", text, None, {"seconds": wanted}))
    elif wanted is not None and wanted * 2.5 < found.request.duration:
        text = f"These lyrics are sung in about {wanted:.0f} s; the rest of the song has no words."
        remarks.append(Remark("too-little", text, None, {"seconds": wanted}))
    return remarks


def _script_name(script: str) -> str:
    return SCRIPT_NAMES.get(script, script.capitalize())


def _lines(count: int) -> str:
    return f"{count} line{'s' if count > 1 else ''}"
