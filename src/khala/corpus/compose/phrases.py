"""The phrases that lyrics are made of: openings (whole clauses), endings (by rhyme) and finished lines, in plain words.

An opening followed by an ending is a sentence: "i will follow" + "through the pouring rain". Words are all in `words.LEXICON`.
"""

OPENINGS = tuple(
    phrase.strip()
    for phrase in """
    dancing, dreaming, running, waiting, falling, singing, walking, shining, driving, sailing, calling, hiding, burning
    i dream, we dance, i wait, you shine, we run, i fall, we ride, i walk, we sing, i call, we sail, you smile, i stand, we meet
    take me home, hold me close, come with me, i will stay, i will run, we can fly, you will shine, sing with me
    we are young, stay with me, dance with me, hear me call, call my name, here i stand, we will go, i will be
    you and i, take my hand, find me there, i was lost, we were young, lead me home, lay me down, let me dream
    the stars will shine, the rain will fall, i hear you call, you hold my hand, the wind will blow, i lift my eyes
    we run and hide, you take my hand, the moon will rise, we laugh and cry, i see you smile, the days go by
    i will follow, we are dancing, i keep walking, i am dreaming, you were waiting, hold me closer, take me with you
    come and find me, i can hear you, love is calling, sing it louder, i was falling, never leave me, we keep running
    stars are shining, rain is falling, winds are blowing, you are smiling, hearts are beating, bells are ringing
    will you meet me, can you hear me, do you miss me, let me hold you, lights are burning, keep on moving
    i will wait for you, i will follow you, i am calling you, i remember you, we can run away, i am coming home
    i will sing for you, i believe in you, we are dancing now, i am here with you, i have looked for you
    and i will follow, the stars are shining, the night is falling, the road is calling, my heart is beating
    the rain is falling, the wind is blowing, the sun is rising, a bell is ringing, the moon is shining
    i hear you calling, we keep on dancing, i see you smiling, a voice is calling, the world is turning
    and we will never stop, i want to be with you, i want to dance with you, the world is waiting there
    """.replace("\n", ",").split(",")
    if phrase.strip()
)

ENDINGS = tuple(
    phrase.strip()
    for phrase in """
    in the night, through the night, into the night, in the morning light, out of sight, tonight, in the silver light
    all through the night, under the light, in the fading light, on a summer night, shining bright, holding tight
    on my way, till the break of day, far away, on a summer day, night and day, all the way, today, another day
    on a rainy day, till the end of day, day by day, and i want to stay, like the light of day, in the month of may
    by the sea, next to me, wild and free, under the tree, across the sea, you and me, out to sea, home with me
    young and free, over the sea, beside the sea, as far as i can see, for you and me, like we used to be
    in the rain, through the pouring rain, on a midnight train, down the lane, like a train, after the rain, through the pain
    in the summer rain, in the falling rain, in the window pane, on an evening train, on the open plain
    me and you, in the blue, next to you, home to you, all night through, under skies of blue, only you, into the blue
    just for you, close to you, only for you, till the night is through, for me and you, in a dream of you, the way we do
    in the sky, way up high, under the sky, as the clouds go by, as the days go by, with a sigh, across the sky
    in an open sky, and we never cry, like birds that fly, like a lullaby, in july, and we wave goodbye, as the years go by
    all alone, on my own, on the phone, down a road of stone, to the great unknown, into the unknown
    all night long, to a song, where we belong, all along, with a song, to a simple song, where i belong, to a summer song
    down the line, hand in mine, as the stars all shine, like summer wine, your hand in mine, like an old sweet wine
    in my heart, from the start, deep in my heart, worlds apart, to your heart, inside my heart, in the quiet dark
    in the snow, where the rivers flow, where the wild winds blow, soft and slow, high and low, where the roses grow
    down below, like the rivers flow, and i never let you go, where the waters flow, like the winds that blow
    in the air, in your hair, over there, without a care, in the evening air, everything we share, through the open air
    on the floor, by the shore, out the door, like before, forever more, at the door, to a distant shore, like never before
    on the golden shore, through an open door, all across the floor, more and more
    in a dream, by the stream, in a silver dream, like a mountain stream, like a perfect dream, inside a dream
    down the road, with a heavy load, on a winding road, on the open road, on a dusty road
    by my side, open wide, with the tide, side by side, for the ride, deep inside, by your side, on the evening tide
    hand in hand, in the sand, across the land, to the promised land, on the golden sand, in a distant land
    to the moon, under the moon, very soon, in june, to a happy tune, by the silver moon, in the light of the moon
    fast asleep, in my sleep, in the deep, in the waters deep, in a quiet sleep
    down the street, to the beat, in the heat, on my feet, to a steady beat, in the summer heat, on a city street
    all around, to the sound, on the ground, lost and found, to a distant sound, up and down the town
    home, take me home, all the way home, on the road back home, on the way back home
    in the cold, in the gold, till we are old, out in the cold, in the morning gold, like a story told
    in this place, on your face, in a secret place, into space, in a quiet place, with a smile on your face
    in the flame, say my name, like a flame, like a candle flame, when you call my name, like a burning flame
    after all, when you call, standing tall, as the shadows fall, when the shadows fall, over the wall
    with my eyes, in your eyes, under the skies, in the sunrise, in the summer skies, no more goodbyes
    at the end of the day, in the heart of the night, by the light of the moon, at the edge of the sea
    """.replace("\n", ",").split(",")
    if phrase.strip()
)

LINES = tuple(
    phrase.strip()
    for phrase in """
    love will find a way, love is all we need, you are my light, you and i will find a way, all i want is you
    all i need is you, i will be with you, you are all i see, you are the one for me, i am not afraid to fall
    this is where i belong, this is my song, i can hear the sound, i have lost my way, we will never say goodbye
    say you will be mine, we have got the time, this is how it starts, i will give you all my heart, you have my heart
    let the music play, hear the music play, hear the city sound, turn it up and let it play, turn the music up tonight
    we will never be alone, you will never walk alone, let me take you home, i am on my way back home, this old house is home
    there is nothing left to say, there is nowhere left to go, i have seen the sky, i have sailed the sea
    nothing is the same, you know my name, i remember your name, i can feel the beat, we can feel the heat
    the city never sleeps, a river runs so deep, my love for you is deep, all the world is fast asleep
    the moon is hanging low, the lights are burning low, i watch the river flow, where did all the summers go
    i have a dream, it was only a dream, we are living in a dream, the road is long, the night is long
    we will dance until the dawn, all the lights are on, and now you are gone, but the summer is gone
    """.replace("\n", ",").split(",")
    if phrase.strip()
)

THEMES: dict[str, tuple[str, ...]] = {
    "love": ("love", "heart", "close", "hold", "mine", "you"),
    "night": ("night", "tonight", "stars", "moon", "midnight", "dark"),
    "road": ("road", "driving", "ride", "train", "way", "walking"),
    "sea": ("sea", "shore", "tide", "sail", "sailing", "sand", "waters"),
    "dance": ("dance", "dancing", "beat", "floor", "music", "feet"),
    "home": ("home", "house", "door", "town", "lane"),
    "rain": ("rain", "rainy", "pouring", "clouds", "window"),
    "city": ("city", "street", "lights", "town", "train"),
    "dream": ("dream", "dreaming", "sleep", "asleep", "silver"),
    "summer": ("summer", "sun", "july", "june", "heat", "golden"),
    "river": ("river", "rivers", "flow", "stream", "mountain", "stone"),
    "sky": ("sky", "skies", "fly", "blue", "birds", "high", "wind", "winds"),
    "song": ("song", "sing", "singing", "tune", "music", "sound", "bells"),
    "time": ("time", "days", "years", "old", "remember", "young"),
}
"""Theme -> words that belong to it."""
