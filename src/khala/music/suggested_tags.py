"""Suggested tags, by group. Requests may use any other tag as well."""

from khala.music.tags import parse_tags

_LABELS = {
    "genre_style": "Genre and style",
    "vocal_instrument": "Voices and instruments",
    "emotion_mood": "Emotion and mood",
    "production_other": "Rhythm, production and more",
}
_TAGS = {
    "genre_style": """
        pop, rock, folk, jazz, electronic, hip hop, reggae, ballad, lo-fi, cinematic, guitar rock, acoustic
        folk, swing, dance, edm, roots reggae, piano ballad, chillhop, lo-fi hip hop, orchestral, film score,
        ambient, blues, bossa nova, chanson, children's song, city pop, classical, country, deep house, disco,
        drum and bass, dream pop, dubstep, funk, gospel, hard rock, house, indie pop, indie rock, j-pop, k-pop,
        latin, mandopop, metal, musical, new age, opera, post-rock, power ballad, psychedelic rock, punk, r&b,
        salsa, shoegaze, singer-songwriter, ska, soul, synthwave, tango, techno, trance, trap, trip hop, waltz,
        world""",
    "vocal_instrument": """
        female vocals, male vocals, instrumental, piano, electric piano, acoustic guitar, electric guitar,
        distorted guitar, clean guitar, muted guitar, overdriven guitar, nylon guitar, bass, double bass, slap bass,
        synth bass, strings, synth strings, french horn, saxophone, flute, synth lead, square lead, synth pad, clavinet,
        choir, duet, rap, whispered vocals, falsetto, harmonies, accordion, bagpipes, banjo, brass,
        cello, clarinet, drums, erhu, fiddle, guzheng, harmonica, harp, koto, mandolin, marimba, music box,
        oboe, organ, percussion, pipa, sitar, slide guitar, synthesizer, tabla, trombone, trumpet, ukulele,
        vibraphone, viola, violin, 808 bass, drum machine""",
    "emotion_mood": """
        happy, sad, warm, energetic, relaxed, dreamy, dark, bright, uplifting, melancholic, tender, romantic,
        gentle, heroic, majestic, hopeful, epic, dramatic, mysterious, euphoric, hypnotic, cheerful, peaceful,
        wistful, haunting, laid back, moody, cool, playful, smooth, smoky, mellow, nostalgic, longing, sunny,
        triumphant, powerful, angry, driving, aggressive, anxious, bittersweet, calm, confident, eerie,
        emotional, funny, groovy, intense, intimate, lonely, meditative, passionate, rebellious, sensual,
        serene, solemn, spiritual, suspenseful""",
    "production_other": """
        slow, mid tempo, fast tempo, 60 bpm, 70 bpm, 80 bpm, 90 bpm, 100 bpm, 110 bpm, 120 bpm, 130 bpm, 140
        bpm, c major, d major, e minor, g major, a minor, acapella, acoustic, analog, anthemic, big room,
        catchy, clean, distorted, four on the floor, fingerpicking, heavy, layered vocals, live, minimal, modern
        production, off-beat, reverb, retro, shuffle, soft, sparse, syncopated, vintage, vinyl crackle, wall of
        sound, 1960s, 1970s, 1980s, 1990s, 2000s, english, chinese, japanese, spanish, french, german""",
}

TAG_GROUPS = {group: (label, parse_tags(_TAGS[group].replace("\n", " "))) for group, label in _LABELS.items()}
"""Group -> its label and its tags, those of Khala Mini's training corpus first."""
