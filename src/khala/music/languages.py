"""Guess the language of lyrics from their function words, to warn when a model does not sing it."""

import re

from khala.music.lyrics import detect_script

_FUNCTION_WORDS = {
    "en": "the and you i my me it is in of to a that we on for your all this be with are was don't i'm so no"
    " but up down when what know love like just can will never oh yeah they she he her his them us our now"
    " there here",
    "es": "el la los las un una unos y que en de del mi tu su yo te se lo le es por para con sin no si como"
    " pero cuando donde más muy todo nada siempre nunca amor corazón vida noche quiero eres soy estoy está"
    " al ya aquí hoy",
    "fr": "le la les un une des et que qui en de du mon ma mes ton ta tes son sa je tu il elle nous vous on ne"
    " pas est suis es dans pour sur avec sans plus comme mais quand où tout rien toujours jamais amour"
    " coeur cœur vie nuit c'est j'ai au",
    "de": "der die das ein eine einen dem den des und ich du er sie wir ihr es mich mir dich dir ist bin bist"
    " sind war nicht kein in im am zu zum auf mit für von wie aber wenn wo was alles nichts immer nie"
    " liebe herz leben nacht auch noch nur so",
    "it": "il lo la gli le un una e che in di del della mio mia tuo tua suo io tu lui lei noi mi ti si ci è"
    " sono sei per con senza non più come ma quando dove tutto niente sempre mai amore cuore vita notte"
    " anche questo nel sul al",
    "pt": "o a os as um uma e que em de do da dos das meu minha teu tua seu eu tu ele ela nós me te se é sou és"
    " está para por com sem não mais como mas quando onde tudo nada sempre nunca amor coração vida noite"
    " você no na ao olha coisa linda lindo ver vou vem gente saudade",
    "nl": "de het een en van ik jij je hij zij wij mij mijn jouw is ben bent zijn was niet geen in op te met"
    " voor als maar wanneer waar wat alles niets altijd nooit liefde hart leven nacht ook nog dat die er"
    " naar om",
    "sv": "en ett och att det den jag du han hon vi mig dig min din är var inte i på med för av som men när där"
    " vad allt inget alltid aldrig kärlek hjärta liv natt så till från om",
    "pl": "i w na nie się że to jest ja ty on ona my mnie mi ciebie cię mój moja twój z do od po za jak ale gdy"
    " kiedy gdzie co wszystko nic zawsze nigdy miłość serce życie noc już tak bo dla",
    "tr": "bir ve bu şu o ben sen biz beni seni bana sana benim senin için ile ama gibi her hiç var yok ne"
    " zaman nerede aşk kalp hayat gece çok daha da de mi ki",
    "id": "yang dan di ke dari ini itu aku kamu kau dia kita kami ku mu tak tidak ada untuk dengan seperti tapi"
    " saat semua cinta hati hidup malam lagi akan bisa hanya selalu",
}
_WORDS = {language: frozenset(words.split()) for language, words in _FUNCTION_WORDS.items()}
LANGUAGE_NAMES = {
    **{
        "en": "English",
        "es": "Spanish",
        "fr": "French",
        "de": "German",
        "it": "Italian",
        "pt": "Portuguese",
        "nl": "Dutch",
    },
    **{"sv": "Swedish", "pl": "Polish", "tr": "Turkish", "id": "Indonesian"},
}
"""English names of languages, by ISO 639-1 code."""
MIN_FUNCTION_WORDS = 2
"""Number of distinct function words that a guess needs."""


def latin_language(text: str) -> str | None:
    """Guess the language of a text in Latin script by its function words.

    Return a key of `LANGUAGE_NAMES`, or None if there is too little evidence or if English is nearly as likely.
    """
    if detect_script(text) != "latin":
        return None
    words = set(re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)*", text.lower()))
    hits = {language: len(words & function_words) for language, function_words in _WORDS.items()}
    best = max(hits, key=lambda language: hits[language])
    clear = hits[best] >= max(MIN_FUNCTION_WORDS, 0.12 * len(words)) and (
        best == "en" or hits[best] >= 1.5 * hits["en"]
    )
    return best if clear else None
