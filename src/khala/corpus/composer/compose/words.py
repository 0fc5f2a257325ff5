"""Vocabulary of the lyrics with its pronunciation: the words of the phrases, and the lexicon around them.

Phones are ARPAbet with stress, after the CMU Pronouncing Dictionary (BSD licence), one reading per word. Words
whose number of syllables varies between speakers are left out of the phrases, except a few on which songs agree
("every", "fire").
"""

from functools import cache

from khala.corpus.composer.compose.lexicon import entries

_TABLE = """
a AH0, aching EY1 K IH0 NG, acid AE1 S AH0 D, across AH0 K R AO1 S, afraid AH0 F R EY1 D, after AE1 F T ER0,
afterglow AE1 F T ER0 G L OW2, afternoon AE2 F T ER0 N UW1 N, again AH0 G EH1 N, against AH0 G EH1 N S T,
ago AH0 G OW1, air EH1 R, all AO1 L, almost AO1 L M OW2 S T, alone AH0 L OW1 N, along AH0 L AO1 NG,
always AO1 L W EY2 Z, am AE1 M, an AE1 N, and AE1 N D, another AH0 N AH1 DH ER0, answers AE1 N S ER0 Z, any EH1 N IY0,
apart AH0 P AA1 R T, apple AE1 P AH0 L, are AA1 R, arms AA1 R M Z, around ER0 AW1 N D, art AA1 R T, as AE1 Z,
ask AE1 S K, asleep AH0 S L IY1 P, at AE1 T, avenue AE1 V AH0 N UW2, away AH0 W EY1, baby B EY1 B IY0, back B AE1 K,
band B AE1 N D, bay B EY1, be B IY1, beat B IY1 T, beating B IY1 T IH0 NG, bed B EH1 D, bedroom B EH1 D R UW2 M,
been B IH1 N, before B IH0 F AO1 R, begun B IH0 G AH1 N, behind B IH0 HH AY1 N D, believe B IH0 L IY1 V, bell B EH1 L,
bells B EH1 L Z, belong B IH0 L AO1 NG, below B IH0 L OW1, bend B EH1 N D, beside B IH0 S AY1 D, best B EH1 S T,
better B EH1 T ER0, birds B ER1 D Z, black B L AE1 K, blame B L EY1 M, bliss B L IH1 S, bloom B L UW1 M, blow B L OW1,
blowing B L OW1 IH0 NG, blue B L UW1, body B AA1 D IY0, bone B OW1 N, border B AO1 R D ER0,
borderline B AO1 R D ER0 L AY2 N, born B AO1 R N, break B R EY1 K, breaking B R EY1 K IH0 NG, breathe B R IY1 DH,
breathing B R IY1 DH IH0 NG, bright B R AY1 T, broke B R OW1 K, broken B R OW1 K AH0 N, bumpy B AH1 M P IY0,
burn B ER1 N, burning B ER1 N IH0 NG, by B AY1, call K AO1 L, called K AO1 L D, calling K AO1 L IH0 NG, came K EY1 M,
can K AE1 N, candle K AE1 N D AH0 L, car K AA1 R, care K EH1 R, carry K AE1 R IY0, chair CH EH1 R, chance CH AE1 N S,
chase CH EY1 S, chasing CH EY1 S IH0 NG, children CH IH1 L D R AH0 N, church CH ER1 CH, city S IH1 T IY0,
clap K L AE1 P, clear K L IH1 R, climb K L AY1 M, climbing K L AY1 M IH0 NG, clock K L AA1 K, close K L OW1 S,
closer K L OW1 S ER0, clouds K L AW1 D Z, coast K OW1 S T, coffee K AA1 F IY0, cold K OW1 L D, come K AH1 M,
comes K AH1 M Z, coming K AH1 M IH0 NG, command K AH0 M AE1 N D, control K AH0 N T R OW1 L, could K UH1 D,
count K AW1 N T, counting K AW1 N T IH0 NG, country K AH1 N T R IY0, crowd K R AW1 D, crowded K R AW1 D AH0 D,
crown K R AW1 N, cry K R AY1, crystal K R IH1 S T AH0 L, dance D AE1 N S, dancing D AE1 N S IH0 NG,
danger D EY1 N JH ER0, dare D EH1 R, dark D AA1 R K, dawn D AO1 N, day D EY1, dead D EH1 D, deep D IY1 P,
demand D IH0 M AE1 N D, desert D EH1 Z ER0 T, design D IH0 Z AY1 N, dew D UW1, did D IH1 D, distant D IH1 S T AH0 N T,
divide D IH0 V AY1 D, do D UW1, done D AH1 N, door D AO1 R, down D AW1 N, dream D R IY1 M, dreaming D R IY1 M IH0 NG,
dreams D R IY1 M Z, drift D R IH1 F T, drifting D R IH1 F T IH0 NG, drive D R AY1 V, driver D R AY1 V ER0,
driving D R AY1 V IH0 NG, drum D R AH1 M, drums D R AH1 M Z, dry D R AY1, dust D AH1 S T, dusty D AH1 S T IY0,
early ER1 L IY0, easy IY1 Z IY0, edge EH1 JH, embrace EH0 M B R EY1 S, end EH1 N D, engine EH1 N JH AH0 N,
engines EH1 N JH AH0 N Z, evening IY1 V N IH0 NG, ever EH1 V ER0, evermore EH1 V ER0 M AO2 R, every EH1 V R IY0,
everybody EH1 V R IY0 B AA2 D IY0, everything EH1 V R IY0 TH IH2 NG, everywhere EH1 V R IY0 W EH2 R, eyes AY1 Z,
fading F EY1 D IH0 NG, fall F AO1 L, falling F AA1 L IH0 NG, fame F EY1 M, far F AA1 R, fast F AE1 S T,
favorite F EY1 V R AH0 T, fear F IH1 R, feel F IY1 L, feet F IY1 T, felt F EH1 L T, fight F AY1 T, find F AY1 N D,
fine F AY1 N, finish F IH1 N IH0 SH, fire F AY1 R, fires F AY1 R Z, first F ER1 S T, flame F L EY1 M,
flaming F L EY1 M IH0 NG, flashing F L AE1 SH IH0 NG, floor F L AO1 R, flow F L OW1, fly F L AY1,
flying F L AY1 IH0 NG, follow F AA1 L OW0, for F AO1 R, foreign F AO1 R AH0 N, found F AW1 N D, free F R IY1,
friday F R AY1 D IY0, friend F R EH1 N D, from F R AH1 M, full F UH1 L, fun F AH1 N, game G EY1 M,
garden G AA1 R D AH0 N, get G EH1 T, give G IH1 V, glass G L AE1 S, glowing G L OW1 IH0 NG, glows G L OW1 Z, go G OW1,
going G OW1 IH0 NG, gold G OW1 L D, golden G OW1 L D AH0 N, gone G AO1 N, good G UH1 D, goodbye G UH2 D B AY1,
got G AA1 T, gown G AW1 N, grace G R EY1 S, great G R EY1 T, grey G R EY1, ground G R AW1 N D, grow G R OW1,
guide G AY1 D, hall HH AO1 L, hand HH AE1 N D, hands HH AE1 N D Z, hanging HH AE1 NG IH0 NG, happy HH AE1 P IY0,
harvest HH AA1 R V AH0 S T, has HH AE1 Z, have HH AE1 V, he HH IY1, head HH EH1 D, heal HH IY1 L,
healing HH IY1 L IH0 NG, hear HH IY1 R, heard HH ER1 D, heart HH AA1 R T, hearts HH AA1 R T S, heat HH IY1 T,
heavy HH EH1 V IY0, held HH EH1 L D, here HH IY1 R, hide HH AY1 D, hiding HH AY1 D IH0 NG, high HH AY1,
higher HH AY1 ER0, hill HH IH1 L, hills HH IH1 L Z, his HH IH1 Z, hold HH OW1 L D, holding HH OW1 L D IH0 NG,
holiday HH AA1 L AH0 D EY2, home HH OW1 M, hope HH OW1 P, hoping HH OW1 P IH0 NG, horses HH AO1 R S AH0 Z,
house HH AW1 S, how HH AW1, hum HH AH1 M, hurricane HH ER1 AH0 K EY2 N, hurry HH ER1 IY0, hurt HH ER1 T, i AY1,
ice AY1 S, if IH1 F, in IH1 N, inside IH0 N S AY1 D, into IH1 N T UW0, is IH1 Z, it IH1 T, joy JH OY1,
july JH AH0 L AY1, june JH UW1 N, just JH AH1 S T, keep K IY1 P, kind K AY1 N D, kiss K IH1 S, kitchen K IH1 CH AH0 N,
knee N IY1, knocking N AA1 K IH0 NG, know N OW1, land L AE1 N D, lane L EY1 N, lanterns L AE1 N T ER0 N Z,
last L AE1 S T, late L EY1 T, laugh L AE1 F, laughing L AE1 F IH0 NG, lawn L AO1 N, lazy L EY1 Z IY0, lead L IY1 D,
learn L ER1 N, leave L IY1 V, leaving L IY1 V IH0 NG, left L EH1 F T, let L EH1 T, lie L AY1, lies L AY1 Z,
life L AY1 F, lift L IH1 F T, light L AY1 T, lights L AY1 T S, like L AY1 K, line L AY1 N, lingers L IH1 NG G ER0 Z,
listen L IH1 S AH0 N, little L IH1 T AH0 L, lived L IH1 V D, living L IH1 V IH0 NG, load L OW1 D, lonely L OW1 N L IY0,
long L AO1 NG, longing L AO1 NG IH0 NG, look L UH1 K, looked L UH1 K T, lose L UW1 Z, losing L UW1 Z IH0 NG,
lost L AO1 S T, loud L AW1 D, louder L AW1 D ER0, love L AH1 V, loved L AH1 V D, lovers L AH1 V ER0 Z, low L OW1,
lullaby L AH1 L AH0 B AY2, machine M AH0 SH IY1 N, made M EY1 D, march M AA1 R CH, marching M AA1 R CH IH0 NG,
marry M EH1 R IY0, matters M AE1 T ER0 Z, may M EY1, maybe M EY1 B IY0, me M IY1, meet M IY1 T,
midnight M IH1 D N AY2 T, might M AY1 T, mile M AY1 L, mind M AY1 N D, mine M AY1 N, miss M IH1 S, money M AH1 N IY0,
month M AH1 N TH, moon M UW1 N, more M AO1 R, morning M AO1 R N IH0 NG, mountain M AW1 N T AH0 N,
mountains M AW1 N T AH0 N Z, move M UW1 V, moving M UW1 V IH0 NG, music M Y UW1 Z IH0 K, my M AY1, name N EY1 M,
near N IH1 R, need N IY1 D, needed N IY1 D AH0 D, neon N IY1 AA0 N, never N EH1 V ER0, new N UW1, news N UW1 Z,
next N EH1 K S T, nice N AY1 S, night N AY1 T, no N OW1, not N AA1 T, nothing N AH1 TH IH0 NG, now N AW1,
nowhere N OW1 W EH2 R, of AH1 V, off AO1 F, oh OW1, okay OW2 K EY1, old OW1 L D, on AA1 N, one W AH1 N,
only OW1 N L IY0, onward AO1 N W ER0 D, open OW1 P AH0 N, other AH1 DH ER0, our AW1 R, out AW1 T, outer AW1 T ER0,
over OW1 V ER0, own OW1 N, pace P EY1 S, pain P EY1 N, pale P EY1 L, pane P EY1 N, park P AA1 R K, part P AA1 R T,
party P AA1 R T IY0, past P AE1 S T, pay P EY1, people P IY1 P AH0 L, perfect P ER1 F IH0 K T, phone F OW1 N,
place P L EY1 S, plain P L EY1 N, play P L EY1, plays P L EY1 Z, pouring P AO1 R IH0 NG, pray P R EY1,
praying P R EY1 IH0 NG, promised P R AA1 M AH0 S T, pull P UH1 L, put P UH1 T, quiet K W AY1 AH0 T, race R EY1 S,
racing R EY1 S IH0 NG, radio R EY1 D IY0 OW2, rain R EY1 N, rainy R EY1 N IY0, raise R EY1 Z, ran R AE1 N,
ready R EH1 D IY0, red R EH1 D, remember R IH0 M EH1 M B ER0, rest R EH1 S T, rhyme R AY1 M, ride R AY1 D,
riding R AY1 D IH0 NG, right R AY1 T, ring R IH1 NG, ringing R IH1 NG IH0 NG, rise R AY1 Z, rising R AY1 Z IH0 NG,
river R IH1 V ER0, rivers R IH1 V ER0 Z, road R OW1 D, roar R AO1 R, robins R AA1 B AH0 N Z, rocking R AA1 K IH0 NG,
roll R OW1 L, rolling R OW1 L IH0 NG, rolls R OW1 L Z, rome R OW1 M, room R UW1 M, roses R OW1 Z IH0 Z,
round R AW1 N D, run R AH1 N, running R AH1 N IH0 NG, runs R AH1 N Z, rushing R AH1 SH IH0 NG, said S EH1 D,
sail S EY1 L, sailed S EY1 L D, sailing S EY1 L IH0 NG, same S EY1 M, sand S AE1 N D, saw S AO1, say S EY1,
screen S K R IY1 N, sea S IY1, searching S ER1 CH IH0 NG, seat S IY1 T, secret S IY1 K R AH0 T, see S IY1,
seems S IY1 M Z, seen S IY1 N, set S EH1 T, setting S EH1 T IH0 NG, seventeen S EH1 V AH0 N T IY1 N,
shadows SH AE1 D OW2 Z, shaking SH EY1 K IH0 NG, she SH IY1, sheep SH IY1 P, shine SH AY1 N, shining SH AY1 N IH0 NG,
ship SH IH1 P, shoes SH UW1 Z, shore SH AO1 R, show SH OW1, side S AY1 D, sigh S AY1, sight S AY1 T, sign S AY1 N,
silver S IH1 L V ER0, simple S IH1 M P AH0 L, sing S IH1 NG, singing S IH1 NG IH0 NG, single S IH1 NG G AH0 L,
sings S IH1 NG Z, six S IH1 K S, skies S K AY1 Z, sky S K AY1, sleep S L IY1 P, sleeping S L IY1 P IH0 NG,
sleeps S L IY1 P S, sleeve S L IY1 V, slow S L OW1, smile S M AY1 L, smiling S M AY1 L IH0 NG, snow S N OW1, so S OW1,
soaring S AO1 R IH0 NG, soft S AA1 F T, some S AH1 M, someone S AH1 M W AH2 N, something S AH1 M TH IH0 NG,
song S AO1 NG, soon S UW1 N, soul S OW1 L, sound S AW1 N D, southern S AH1 DH ER0 N, space S P EY1 S, spare S P EH1 R,
spark S P AA1 R K, spin S P IH1 N, spinning S P IH1 N IH0 NG, spring S P R IH1 NG, square S K W EH1 R, stair S T EH1 R,
stand S T AE1 N D, standing S T AE1 N D IH0 NG, star S T AA1 R, stars S T AA1 R Z, start S T AA1 R T,
starts S T AA1 R T S, stay S T EY1, steady S T EH1 D IY0, steaming S T IY1 M IH0 NG, steep S T IY1 P, still S T IH1 L,
stomp S T AA1 M P, stone S T OW1 N, stood S T UH1 D, stop S T AA1 P, stories S T AO1 R IY0 Z, storm S T AO1 R M,
stormy S T AO1 R M IY0, story S T AO1 R IY0, straight S T R EY1 T, stream S T R IY1 M, street S T R IY1 T,
streets S T R IY1 T S, string S T R IH1 NG, strong S T R AO1 NG, stronger S T R AO1 NG ER0, such S AH1 CH,
summer S AH1 M ER0, summers S AH1 M ER0 Z, sun S AH1 N, swallows S W AA1 L OW0 Z, sweet S W IY1 T, take T EY1 K,
takes T EY1 K S, tall T AO1 L, tears T IH1 R Z, telephone T EH1 L AH0 F OW2 N, tell T EH1 L, test T EH1 S T,
than DH AE1 N, that DH AE1 T, the DH AH0, there DH EH1 R, they DH EY1, thing TH IH1 NG, think TH IH1 NG K,
this DH IH1 S, thousand TH AW1 Z AH0 N D, thread TH R EH1 D, three TH R IY1, thrill TH R IH1 L, through TH R UW1,
throw TH R OW1, thunder TH AH1 N D ER0, ticking T IH1 K IH0 NG, tide T AY1 D, tight T AY1 T, till T IH1 L,
time T AY1 M, times T AY1 M Z, to T UW1, today T AH0 D EY1, toe T OW1, told T OW1 L D, tonight T AH0 N AY1 T,
too T UW1, top T AA1 P, touch T AH1 CH, town T AW1 N, traffic T R AE1 F IH0 K, train T R EY1 N, tree T R IY1,
troubles T R AH1 B AH0 L Z, true T R UW1, truth T R UW1 TH, tune T UW1 N, turn T ER1 N, turning T ER1 N IH0 NG,
twilight T W AY1 L AY2 T, two T UW1, under AH1 N D ER0, underground AH2 N D ER0 G R AW1 N D,
underneath AH2 N D ER0 N IY1 TH, understand AH2 N D ER0 S T AE1 N D, unknown AH0 N N OW1 N, until AH0 N T IH1 L,
up AH1 P, upon AH0 P AA1 N, us AH1 S, very V EH1 R IY0, voice V OY1 S, wait W EY1 T, waited W EY1 T IH0 D,
waiting W EY1 T IH0 NG, waits W EY1 T S, wake W EY1 K, walk W AO1 K, walking W AO1 K IH0 NG, wall W AO1 L,
wander W AA1 N D ER0, want W AA1 N T, warm W AO1 R M, was W AA1 Z, waste W EY1 S T, watch W AA1 CH,
waterfall W AO1 T ER0 F AO2 L, waters W AO1 T ER0 Z, wave W EY1 V, way W EY1, we W IY1, wear W EH1 R,
wedding W EH1 D IH0 NG, well W EH1 L, went W EH1 N T, were W ER1, west W EH1 S T, what W AH1 T, wheels W IY1 L Z,
when W EH1 N, where W EH1 R, while W AY1 L, whispers W IH1 S P ER0 Z, white W AY1 T, who HH UW1, wide W AY1 D,
wild W AY1 L D, will W IH1 L, wind W IH1 N D, winding W AY1 N D IH0 NG, window W IH1 N D OW0, winds W IH1 N D Z,
wine W AY1 N, wing W IH1 NG, winter W IH1 N T ER0, wish W IH1 SH, wishing W IH1 SH IH0 NG, with W IH1 DH,
without W IH0 TH AW1 T, words W ER1 D Z, work W ER1 K, world W ER1 L D, would W UH1 D, wrong R AO1 NG, year Y IH1 R,
years Y IH1 R Z, you Y UW1, young Y AH1 NG, your Y AO1 R, zone Z OW1 N
"""

PHRASE_WORDS: dict[str, tuple[str, ...]] = {
    word: tuple(phones) for word, *phones in (entry.split() for entry in _TABLE.split(","))
}
"""The words of `phrases` -> phones, such as "dancing" -> ("D", "AE1", "N", "S", "IH0", "NG")."""
LEXICON: dict[str, tuple[str, ...]] = {word: entry.phones for word, entry in entries().items()} | PHRASE_WORDS
"""Every word of the lyrics -> phones."""

# fmt: off
LIGHT = frozenset({
    "a", "an", "the", "i", "you", "we", "us", "my", "your", "me", "it", "to", "of", "and", "in", "on", "by", "at",
    "as", "is", "are", "am", "was", "were", "be", "for", "with", "from", "like", "that", "till", "until", "through",
    "so", "or", "but", "not", "do", "will", "can", "have", "this", "these", "where", "when", "how", "what", "there",
    "here", "than", "into", "over", "under",
})
# fmt: on
"""Words that carry little meaning."""


@cache
def stresses(word: str) -> tuple[int, ...]:
    """Return the stress of every syllable: 1 primary, 2 secondary, 0 none."""
    return tuple(int(phone[-1]) for phone in LEXICON[word] if phone[-1].isdigit())


@cache
def rhyme(word: str) -> tuple[str, ...]:
    """Return the rhyming phones of a word: the last vowel (without its stress) and all that follows it."""
    phones = LEXICON[word]
    last = max(n for n, phone in enumerate(phones) if phone[-1].isdigit())
    return (phones[last].rstrip("012"), *phones[last + 1 :])
