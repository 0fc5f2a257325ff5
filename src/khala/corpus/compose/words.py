"""The closed vocabulary of the lyrics, with its pronunciation.

Phones are ARPAbet with stress, after the CMU Pronouncing Dictionary (BSD licence), one reading a word. Words whose
number of syllables is a matter of taste are left out.
"""

_TABLE = """
a AH0
across AH0 K R AO1 S
afraid AH0 F R EY1 D
after AE1 F T ER0
afternoon AE2 F T ER0 N UW1 N
again AH0 G EH1 N
air EH1 R
all AO1 L
alone AH0 L OW1 N
along AH0 L AO1 NG
always AO1 L W EY2 Z
am AE1 M
an AE1 N
and AE1 N D
another AH0 N AH1 DH ER0
are AA1 R
arms AA1 R M Z
around ER0 AW1 N D
as AE1 Z
ask AE1 S K
asleep AH0 S L IY1 P
at AE1 T
away AH0 W EY1
back B AE1 K
band B AE1 N D
be B IY1
beat B IY1 T
beating B IY1 T IH0 NG
before B IH0 F AO1 R
believe B IH0 L IY1 V
bell B EH1 L
bells B EH1 L Z
belong B IH0 L AO1 NG
below B IH0 L OW1
beside B IH0 S AY1 D
birds B ER1 D Z
bitter B IH1 T ER0
blow B L OW1
blowing B L OW1 IH0 NG
blue B L UW1
break B R EY1 K
bright B R AY1 T
bring B R IH1 NG
burning B ER1 N IH0 NG
but B AH1 T
by B AY1
call K AO1 L
called K AO1 L D
calling K AO1 L IH0 NG
can K AE1 N
candle K AE1 N D AH0 L
care K EH1 R
carry K AE1 R IY0
church CH ER1 CH
city S IH1 T IY0
close K L OW1 S
closer K L OW1 S ER0
clouds K L AW1 D Z
cold K OW1 L D
come K AH1 M
coming K AH1 M IH0 NG
could K UH1 D
crown K R AW1 N
cry K R AY1
dance D AE1 N S
dancing D AE1 N S IH0 NG
dawn D AO1 N
day D EY1
days D EY1 Z
deep D IY1 P
demand D IH0 M AE1 N D
did D IH1 D
distant D IH1 S T AH0 N T
do D UW1
door D AO1 R
down D AW1 N
dream D R IY1 M
dreaming D R IY1 M IH0 NG
drift D R IH1 F T
drifting D R IH1 F T IH0 NG
drive D R AY1 V
driving D R AY1 V IH0 NG
drum D R AH1 M
dry D R AY1
dusty D AH1 S T IY0
early ER1 L IY0
edge EH1 JH
embrace EH0 M B R EY1 S
end EH1 N D
evening IY1 V N IH0 NG
evermore EH1 V ER0 M AO2 R
everybody EH1 V R IY0 B AA2 D IY0
everything EH1 V R IY0 TH IH2 NG
eyes AY1 Z
face F EY1 S
fading F EY1 D IH0 NG
fall F AO1 L
falling F AA1 L IH0 NG
far F AA1 R
fast F AE1 S T
feel F IY1 L
feet F IY1 T
felt F EH1 L T
find F AY1 N D
fine F AY1 N
flame F L EY1 M
floor F L AO1 R
flow F L OW1
fly F L AY1
flying F L AY1 IH0 NG
follow F AA1 L OW0
for F AO1 R
found F AW1 N D
free F R IY1
from F R AH1 M
garden G AA1 R D AH0 N
give G IH1 V
go G OW1
gold G OW1 L D
golden G OW1 L D AH0 N
gone G AO1 N
goodbye G UH2 D B AY1
got G AA1 T
great G R EY1 T
ground G R AW1 N D
grow G R OW1
guide G AY1 D
hair HH EH1 R
hall HH AO1 L
hand HH AE1 N D
hanging HH AE1 NG IH0 NG
happy HH AE1 P IY0
harvest HH AA1 R V AH0 S T
have HH AE1 V
hear HH IY1 R
heart HH AA1 R T
hearts HH AA1 R T S
heat HH IY1 T
heavy HH EH1 V IY0
here HH IY1 R
hide HH AY1 D
hiding HH AY1 D IH0 NG
high HH AY1
hold HH OW1 L D
holding HH OW1 L D IH0 NG
home HH OW1 M
house HH AW1 S
how HH AW1
i AY1
in IH1 N
inside IH0 N S AY1 D
into IH1 N T UW0
is IH1 Z
it IH1 T
july JH AH0 L AY1
june JH UW1 N
just JH AH1 S T
keep K IY1 P
knocking N AA1 K IH0 NG
know N OW1
land L AE1 N D
lane L EY1 N
lanterns L AE1 N T ER0 N Z
laugh L AE1 F
laughing L AE1 F IH0 NG
lawn L AO1 N
lead L IY1 D
leave L IY1 V
left L EH1 F T
let L EH1 T
lie L AY1
lies L AY1 Z
lift L IH1 F T
light L AY1 T
lights L AY1 T S
like L AY1 K
line L AY1 N
lingers L IH1 NG G ER0 Z
listen L IH1 S AH0 N
living L IH1 V IH0 NG
load L OW1 D
long L AO1 NG
look L UH1 K
looked L UH1 K T
lost L AO1 S T
louder L AW1 D ER0
love L AH1 V
lovers L AH1 V ER0 Z
low L OW1
lullaby L AH1 L AH0 B AY2
made M EY1 D
marry M EH1 R IY0
matters M AE1 T ER0 Z
may M EY1
me M IY1
meet M IY1 T
midnight M IH1 D N AY2 T
mine M AY1 N
miss M IH1 S
month M AH1 N TH
moon M UW1 N
more M AO1 R
morning M AO1 R N IH0 NG
mountain M AW1 N T AH0 N
move M UW1 V
moving M UW1 V IH0 NG
music M Y UW1 Z IH0 K
my M AY1
name N EY1 M
need N IY1 D
never N EH1 V ER0
next N EH1 K S T
nice N AY1 S
night N AY1 T
no N OW1
not N AA1 T
nothing N AH1 TH IH0 NG
now N AW1
nowhere N OW1 W EH2 R
of AH1 V
old OW1 L D
on AA1 N
one W AH1 N
only OW1 N L IY0
onward AO1 N W ER0 D
open OW1 P AH0 N
out AW1 T
over OW1 V ER0
own OW1 N
pane P EY1 N
perfect P ER1 F IH0 K T
phone F OW1 N
place P L EY1 S
plain P L EY1 N
play P L EY1
pouring P AO1 R IH0 NG
pray P R EY1
promised P R AA1 M AH0 S T
promises P R AA1 M AH0 S AH0 Z
quiet K W AY1 AH0 T
rain R EY1 N
rainy R EY1 N IY0
remember R IH0 M EH1 M B ER0
ride R AY1 D
riding R AY1 D IH0 NG
right R AY1 T
ring R IH1 NG
ringing R IH1 NG IH0 NG
rise R AY1 Z
rising R AY1 Z IH0 NG
river R IH1 V ER0
rivers R IH1 V ER0 Z
road R OW1 D
rolling R OW1 L IH0 NG
roses R OW1 Z IH0 Z
round R AW1 N D
run R AH1 N
running R AH1 N IH0 NG
runs R AH1 N Z
sail S EY1 L
sailed S EY1 L D
sailing S EY1 L IH0 NG
same S EY1 M
sand S AE1 N D
say S EY1
sea S IY1
secret S IY1 K R AH0 T
see S IY1
seen S IY1 N
set S EH1 T
shadows SH AE1 D OW2 Z
shine SH AY1 N
shining SH AY1 N IH0 NG
shore SH AO1 R
side S AY1 D
sigh S AY1
sight S AY1 T
sign S AY1 N
silver S IH1 L V ER0
simple S IH1 M P AH0 L
sing S IH1 NG
singing S IH1 NG IH0 NG
skies S K AY1 Z
sky S K AY1
sleep S L IY1 P
sleeping S L IY1 P IH0 NG
sleeps S L IY1 P S
slow S L OW1
smile S M AY1 L
smiling S M AY1 L IH0 NG
snow S N OW1
so S OW1
soft S AA1 F T
someone S AH1 M W AH2 N
song S AO1 NG
soon S UW1 N
sound S AW1 N D
space S P EY1 S
spring S P R IH1 NG
stand S T AE1 N D
standing S T AE1 N D IH0 NG
stars S T AA1 R Z
start S T AA1 R T
starts S T AA1 R T S
stay S T EY1
steady S T EH1 D IY0
stone S T OW1 N
story S T AO1 R IY0
straight S T R EY1 T
stream S T R IY1 M
street S T R IY1 T
such S AH1 CH
summer S AH1 M ER0
summers S AH1 M ER0 Z
sun S AH1 N
sunrise S AH1 N R AY2 Z
swallows S W AA1 L OW0 Z
sweet S W IY1 T
take T EY1 K
takes T EY1 K S
tall T AO1 L
that DH AE1 T
the DH AH0
there DH EH1 R
think TH IH1 NG K
this DH IH1 S
through TH R UW1
tide T AY1 D
tight T AY1 T
till T IH1 L
time T AY1 M
to T UW1
today T AH0 D EY1
told T OW1 L D
tonight T AH0 N AY1 T
town T AW1 N
train T R EY1 N
tree T R IY1
truth T R UW1 TH
tune T UW1 N
turn T ER1 N
turning T ER1 N IH0 NG
under AH1 N D ER0
underground AH2 N D ER0 G R AW1 N D
understand AH2 N D ER0 S T AE1 N D
unknown AH0 N N OW1 N
until AH0 N T IH1 L
up AH1 P
us AH1 S
very V EH1 R IY0
voice V OY1 S
wait W EY1 T
waiting W EY1 T IH0 NG
walk W AO1 K
walking W AO1 K IH0 NG
wall W AO1 L
wander W AA1 N D ER0
want W AA1 N T
warm W AO1 R M
was W AA1 Z
watch W AA1 CH
waters W AO1 T ER0 Z
wave W EY1 V
way W EY1
we W IY1
wear W EH1 R
were W ER1
when W EH1 N
where W EH1 R
whispers W IH1 S P ER0 Z
wide W AY1 D
wild W AY1 L D
will W IH1 L
wind W IH1 N D
winding W AY1 N D IH0 NG
window W IH1 N D OW0
winds W IH1 N D Z
wine W AY1 N
winter W IH1 N T ER0
with W IH1 DH
without W IH0 TH AW1 T
world W ER1 L D
years Y IH1 R Z
you Y UW1
young Y AH1 NG
your Y AO1 R
"""

LEXICON: dict[str, tuple[str, ...]] = {
    word: tuple(phones) for word, *phones in (entry.split() for entry in _TABLE.strip().splitlines())
}
"""Word -> phones, such as "dancing" -> ("D", "AE1", "N", "S", "IH0", "NG")."""

# fmt: off
LIGHT = frozenset({
    "a", "an", "the", "i", "you", "we", "us", "my", "your", "me", "it", "to", "of", "and", "in", "on", "by", "at",
    "as", "is", "are", "am", "was", "were", "be", "for", "with", "from", "like", "that", "till", "until", "through",
    "so", "or", "but", "not", "do", "will", "can", "have", "this", "these", "where", "when", "how", "what", "there",
    "here", "than", "into", "over", "under",
})
# fmt: on
"""Words that carry little meaning."""


def stresses(word: str) -> tuple[int, ...]:
    """Stress of every syllable: 1 primary, 2 secondary, 0 none."""
    return _STRESSES[word]


def rhyme(word: str) -> tuple[str, ...]:
    """What has to sound alike: the last vowel (without its stress) and all that follows it."""
    phones = LEXICON[word]
    last = max(n for n, phone in enumerate(phones) if phone[-1].isdigit())
    return (phones[last].rstrip("012"), *phones[last + 1 :])


_STRESSES = {word: tuple(int(phone[-1]) for phone in phones if phone[-1].isdigit()) for word, phones in LEXICON.items()}
