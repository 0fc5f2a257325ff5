"""Templates of lines, with places for words, as people write and talk.

Words in capitals are places: a class of `lexicon` (VT verb with an object, Z third person, D past, G -ing; VI without
one), or one of `LISTS`. "a" becomes "an" where it has to. Every word in small letters is in the packed lexicon.
"""

import re

LISTS = {
    "MONTH": "january february march april may june july august september october november december",
    "DAY": "monday tuesday wednesday thursday friday saturday sunday",
    "NUM": "two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty hundred thousand",
    "ORD": "first second third fourth fifth tenth last next",
    "NAME": """mary john anna david sarah michael emma james laura peter jenny tommy lucy billy rosie johnny maria
    daniel sophie charlie alice henry grace jack molly sam kate joe ruby max julie frankie betty eddie carol bobby""",
    "POSS": "my your our his her their the",
    "WHO": "i you we they",
    "HE": "he she",
    "ME": "me you him her us them",
    "COLOR": "red blue green yellow golden silver purple orange black white gray brown",
    "UP": "up down in out away around along back",
    "AT": "in on by near under behind above below across beyond past beside through",
    "SEASON": "spring summer autumn winter",
    "OFTEN": "always never sometimes maybe still only just really",
    "CAN": "can could will would should must might can't couldn't won't wouldn't shouldn't",
}
"""Closed classes."""
TITLES = frozenset({"MONTH", "DAY", "NAME", "TOWN"})
"""Places that are printed with a capital."""

TEMPLATES = """
i VTD the THING; you VTD my IDEA; we VTD the ADJ PERSON; they VTD POSS THINGS; HE VTZ a THING in the PLACE
i CAN VT the THING; you CAN VT POSS IDEA; we CAN VI in the PLACE; HE CAN VI like a PERSON; i CAN VT ME ADV
the THING is ADJ; the THINGS are ADJ; POSS BODY is ADJ; the NATURE was ADJ; your FEELING is a ADJ THING
the PERSON VIZ ADV; the ANIMAL VIZ in the NATURE; a PERSON VID UP the PLACE; the NATURE VIZ AT the PLACE
ADJ and ADJ; ADJ, ADJ and ADJ; THING and THING; FOOD and FOOD and a ADJ THING; THINGS and THINGS in the TIME
i'm a PERSON in the PLACE; you're a ADJ PERSON; we're the PERSONS of the PLACE; i'm not your PERSON
i'm VIG in the PLACE; you're VIG with a THING; we were VIG AT the PLACE; they keep on VIG; HE was VIG all TIME
i'm VTG POSS THING; you keep VTG the IDEA; we were VTG POSS THINGS; stop VTG my BODY; thanks for VTG ME
VT POSS THING; VT the ADJ THING; VT ME, VT ME; VT my IDEA and VT my THING; VI with me; VI AT the PLACE
don't VT the THING; don't VT my IDEA tonight; don't you VT ME; never VT a ADJ PERSON; let's VI AT the PLACE
let's VT the THING; let me VT your BODY; let me VI in your FEELING; let it VI; let it VI, let it VI
why did you VT my THING?; why do they VI AT the PLACE?; where did you VT the THING?; where's my ADJ THING?
who's gonna VT the THING?; who's that PERSON with the THING?; who VTD the THING?; what's the IDEA of a THING?
what if i VID?; what if we VTD the PERSON?; what do you VT in the TIME?; what's that THING on your BODY?
how many THINGS?; how many THINGS CAN you VT?; how do you VT a FEELING?; how long CAN a PERSON VI?
did you VT my IDEA?; do you VT the THINGS?; do you VI when you VI?; are you ADJ or ADJ?; is it ADJ in town?
when will you VI?; when HE VIZ, i VI; when the THING VIZ, the PERSONS VI; if you VT it, i'll VT it; if i VI, you VI
i don't wanna VI; i don't wanna VT your THING; i'm gonna VI all TIME; i'm gonna VT the PLACE; we gotta VI ADV
you said you'd VT ME; you told me you're ADJ; i know it's ADJ; i think that i VTD it; i guess we'll VI
i've been VIG for NUM years; i've been to TOWN and TOWN; we've got a ADJ THING; she's got a THING in her BODY
he's got NUM THINGS; i've got the FEELING; you've got FEELING in your BODYS; it's a ADJ TIME; it's only a THING
it's ADJ to VI; it's ADV ADJ; it's not ADJ, it's ADJ; that's what the PERSON said; that's my IDEA; that's enough
there's a THING in the PLACE; there's a ADJ PERSON; there's no IDEA; there are THINGS AT the PLACE; there goes my THING
here's to the PERSONS; here comes the NATURE; here comes a ADJ ANIMAL; here in the ADJ PLACE; out of the ADJ THING
NUM, NUM, NUM, NUM; one, two, three, four; one for the THING, two for the IDEA; NUM THINGS and NUM THINGS
NUM ADJ PERSONS; NUM little ANIMALS; five, six, seven, eight
one more THING; one more ADJ TIME; at NUM in the morning; by NUM tonight
in MONTH we VID; MONTH and MONTH; a MONTH morning in TOWN; DAY in TOWN; DAY, DAY, DAY night; every DAY i VI
on DAY i VTD the THING; since MONTH you VI; the ORD of MONTH; SEASON in TOWN; from TOWN to TOWN; all SEASON long
going back to TOWN; i left my THING in TOWN; take me to TOWN; the lights of TOWN are ADJ; TOWN is VIG; a train to TOWN
NAME VIZ ADV; NAME and NAME; NAME, VT my THING; hey NAME, VT ME; where's NAME now?; NAME has a ADJ THING; my friend NAME
dear NAME, i'm ADJ; tell NAME i VTD it; NAME VTD the THING; little NAME VIZ in the PLACE; NAME said VI, so i VID
oh, POSS FEELING; oh my ADJ PERSON; oh no, the THING VIZ; yeah, yeah, the THING is ADJ; hey, hey, VT the THING
la la la, the IDEA; la la la la la; na na na na, VI; ooh, ooh, ADJ ME; whoa, the NATURE; oh oh oh oh; hey, ADJ PERSON
no, no, no, VI; yes, i VTD it; well, you VTD me; so VI, so ADJ; so ADJ, so ADJ; come on, VI; come on and VT the THING
ADJ THING, ADJ THING; VIG and VIG; VIG, VIG, VIG; VIG AT the PLACE; VTG the THING; VTG POSS ADJ THINGS; ADV, ADV
like a THING in the NATURE; like a ADJ ANIMAL; like THINGS in the PLACE; just like a PERSON; ADJ as a ANIMAL
all the THINGS that i VTD; all of the ADJ PERSONS; all POSS FEELING; all night long; every THING and every IDEA
everything you VT is ADJ; everybody VIZ; nobody VTZ POSS THING; somebody VTD the THING; nothing but THINGS and IDEAS
with a THING and a THING; with POSS BODY in POSS BODYS; without a IDEA; without your FEELING; between the THINGS
under the NATURE; under the ADJ NATURE; over the THING; AT the ADJ PLACE; AT the THING AT the PLACE; into the ADJ THING
another THING, another THING; another ADJ TIME; the other PERSON; too many THINGS; too ADJ for me; not too ADJ
more than a THING; more than you VT; less ADJ than a PERSON; as ADV as i CAN; OFTEN the same; i OFTEN VT ME
you OFTEN VT the THINGS; we OFTEN VID; HE OFTEN VID ADV; OFTEN i VI; it OFTEN VIZ; the PERSONS OFTEN VI
COLOR THING, COLOR THING; a COLOR THING; your COLOR BODYS; the COLOR and the COLOR; COLOR NATURE, COLOR NATURE
i saw a COLOR ANIMAL; i bought you FOOD; coffee and FOOD; FOOD on the THING; a THING of FOOD; pass me the FOOD
my phone is VIG; my mother VTD a THING; my father was a PERSON; your sister's ADJ; my brother VIZ; our kids are ADJ
the radio VIZ; turn the THING UP; turn off the THING; put down the THING; pick up your THING; wake up, ADJ PERSON
sit down and VI; stand up and VT; get out of POSS PLACE; run away with the THING; look at the NATURE; look at me, VIG
i'll VI; i'll VI for you; i'll VT you ADV; we'll VI together; you'll VT it someday; they'll VI; she'll VT the THING
i'd VT your IDEA; i'd rather VI; we'd VI in the TIME; he'd VT a THING; it'd be ADJ; isn't it ADJ?; aren't you ADJ?
wasn't it ADJ?; haven't we VID?; it doesn't VI; he doesn't VT ME; she didn't VT the THING; didn't i VT you?
i didn't VI; we weren't VIG; you weren't ADJ; ain't no THING; 'cause i'm ADJ; 'cause you VTD my THING; and then we VID
and the THING VIZ; and the THINGS VI; and i'm VIG; and you're ADJ; but the IDEA is ADJ; but i VTD the THING
or we could VI; or VT a THING; because of the THING; because the NATURE VIZ; until the THING VIZ; before we VI
after the ACT; after all the ACTS; while you were VIG; while the PERSON VTD me; since you VTD me; until the TIME
POSS ACT, POSS IDEA; the ACT of a PERSON; the IDEA of FEELING; a GROUP of PERSONS; the GROUP is VIG; a ACT, a ACT
ADJ IDEAS; ADV ADJ; ADV VIG; ADJ TIME; FEELING; THINGS; a PERSON; VI; VI now; not now; the ADJ one; ADJ, my dear
i miss you in the TIME; i love the THING; i need a ADJ ACT; you need FEELING; we want the THINGS; they want my IDEA
you and me and the THING; me and my ADJ ANIMAL; you and i, VIG; him and her and the IDEA; us and the NATURE
give me a THING; give me your ADJ BODY; give it to the PERSON; show me the PLACE; show your IDEA; bring me FOOD
tell me a IDEA; tell me why you VID; say that you VT me; say it ADV; ask the PERSON; call me a PERSON; call me ADV
i remember the THING; i remember how you VID; remember the ADJ TIME; i forgot my THINGS; i lost POSS ADJ IDEA
goodbye, ADJ THING; goodbye to the PLACE; hello, ADJ PERSON; good morning, PERSON; good night, ADJ NATURE
welcome to TOWN; thank you for the FOOD; please don't VI; please VT the THING
sorry for the ACT; forgive me for VTG; excuse me, i VID
"""


def templates() -> tuple[tuple[str, ...], ...]:
    """Return every template as its words and places; a punctuation mark (, or ?) belongs to the part before it."""
    return tuple(tuple(text.split()) for line in TEMPLATES.strip().splitlines() for text in line.split("; "))


def bare(part: str) -> str:
    """Return a part of a template without its punctuation mark."""
    return part.rstrip(",?")


def literals() -> frozenset[str]:
    """Return every word that templates and closed classes contain literally."""
    parts = {bare(part) for template in templates() for part in template}
    small = {part for part in parts if part.islower()}
    return frozenset(small | {word for words in LISTS.values() for word in words.split()} | {"an"})


def is_place(part: str) -> bool:
    """Return whether a part of a template stands for a class of words."""
    return re.fullmatch("[A-Z]+", part) is not None
