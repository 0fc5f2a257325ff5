"""The phrases that lyrics are made of, in plain words that are all in `words.LEXICON`.

An opening (a motion or a state) followed by an ending is a sentence: "i will follow" + "through the pouring rain".
"""


def _phrases(text: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(phrase.split()) for line in text.strip().splitlines() for phrase in line.split(",") if phrase)


MOTIONS = _phrases(
    """
    dancing, running, falling, walking, driving, sailing, flying, riding, rolling, turning, drifting
    we dance, we run, i fall, we ride, i walk, we sail, we fly, i drive, we drift, i go
    take me, come with me, run with me, fly with me, we will fly, we will run, i will come, i will go, we can fly
    we will sail, i will ride, we can dance, lead me on, carry me, lift me up
    you take my hand, we run and hide, we laugh and run, and i will go, and we can fly, and we will run, we leave it all
    we will follow, i keep walking, we are dancing, we are running, i am falling, we go dancing, take me with you
    come and find me, we keep running, i am driving, we were sailing, keep on moving, we go rolling, i was walking
    let us wander, lead me onward, i come running, we are drifting
    i will follow you, we can run away, we will run away, i am coming home, i will carry you, we are flying now
    we are dancing now, we will sail away, we can fly away
    and i will follow, we keep on dancing, we keep on walking, i feel like flying, i go on dreaming, we keep on rolling
    the road will lead us, the river takes me, the wind will take us, the train is rolling
    """
)
"""Openings that go somewhere."""

STATES = _phrases(
    """
    dreaming, waiting, singing, shining, calling, hiding, burning, laughing, sleeping
    i dream, i wait, you shine, we sing, i call, you smile, i stand, we meet, i pray, we laugh, you sleep
    hold me close, dance with me, stay with me, sing with me, hear me call, call to me, think of me, wait for me
    i will stay, i will wait, you will shine, we are young, we were young, you and i, here we are, i was lost
    here i stand, find me there, let me dream, stars will shine, rain will fall, love is here, love was there
    the stars will shine, the rain will fall, i hear you call, you hold my hand, the wind will blow, i see you smile
    the moon will rise, we laugh and cry, the sun will rise, you look at me, i think of you, we meet again
    i feel so young
    i am dreaming, you were waiting, hold me closer, i can hear you, love is calling, sing it louder, never leave me
    stars are shining, rain is falling, winds are blowing, you are smiling, hearts are beating, bells are ringing
    will you meet me, can you hear me, do you miss me, let me hold you, lights are burning, someone called me
    love is waiting, someone whispers, nothing matters, i remember, summer lingers, we were lovers
    i will wait for you, i will sing for you, i believe in you, i am here with you, i have looked for you
    i was made for you
    i am calling you, i remember you, you are calling me, we are young tonight
    the stars are shining, the night is falling, the road is calling, my heart is beating, your eyes are shining
    the rain is falling, the wind is blowing, the sun is rising, a bell is ringing, the moon is shining
    the lights are burning
    i hear you calling, i see you smiling, a voice is calling, the world is sleeping, the birds are singing
    i lie here dreaming
    and we are singing, and i remember, you keep me waiting, a drum is beating
    """
)
"""Openings that stay."""

PLACES = _phrases(
    """
    in the night, all the night, in the morning light, in the silver light, tonight, all through the night
    under the light, in the fading light, on a summer night, on a quiet night, in the candle light, by the city light
    shining bright, holding tight
    till the break of day, on a summer day, night and day, today, another day, on a rainy day, till the end of day
    day by day, in the month of may, and i want to stay, like the light of day, on a winter day, so far away
    by the sea, next to me, young and free, under the tree, here with me, you and me, beside the sea, on a silver sea
    as far as i can see, for you and me, for all to see, so wild and free
    in the rain, after the rain, in the summer rain, in the falling rain, in the pouring rain, by the window pane
    on the open plain, on a midnight train, again and again
    me and you, under the blue, next to you, close to you, all night through, under skies of blue, and only you
    till the night is through, for me and you, the way we do, in a world of blue, like lovers do
    in the sky, way up high, under the sky, as the clouds go by, as the days go by, with a sigh, in an open sky
    and we never cry, in july, as the years go by, like a lullaby, and we wave goodbye
    all alone, on my own, by the phone, by a wall of stone
    all night long, all along, with a song, where we belong, where i belong, to a simple song, to a summer song
    like an old sweet song
    hand in mine, as the stars all shine, your hand in mine, like summer wine, where the lanterns shine
    in my heart, from the start, deep in my heart, inside my heart
    in the snow, where the rivers flow, where the wild winds blow, soft and slow, where the roses grow, down below
    when the lights are low, where the waters flow, in the winter snow, and the lights are low
    in the air, over there, without a care, in the evening air, in the summer air, with the wind in my hair
    on the floor, by the shore, like before, at the door, like never before, on the golden shore, on a distant shore
    now and evermore, more and more
    in a dream, by the stream, in a silver dream, like a perfect dream, inside a dream, by a mountain stream
    on the road, with a heavy load, on the open road, on a dusty road
    by my side, deep inside, side by side, on the evening tide, by your side, with my arms open wide
    hand in hand, on the sand, in a distant land, on the golden sand, in the promised land
    under the moon, very soon, in june, to a happy tune, by the silver moon, in the light of the moon, in the afternoon
    fast asleep, in my sleep, in the deep, in the waters deep, in a quiet sleep
    on the street, to the beat, in the heat, to a steady beat, in the summer heat, on a city street, bitter and sweet
    all around, on the ground, lost and found, to a distant sound, without a sound, in the underground
    in the cold, in the gold, till we are old, out in the cold, in the morning gold, like a story told, to have and hold
    in this place, in a secret place, in a quiet place, with a smile on your face, in a warm embrace
    like a flame, when you say my name, like a candle flame, when you call my name, all the same
    after all, when you call, standing tall, as the shadows fall, by the garden wall
    in your eyes, under the skies, at the sunrise, in the summer skies, with open eyes
    at the end of the day, in the heart of the night, by the light of the moon, at the edge of the sea
    in the heat of the night
    until the dawn, till the early dawn, on the morning lawn
    in the spring, as the church bells ring
    """
)
"""Endings that say where, when or how; by rhyme."""

WAYS = _phrases(
    """
    into the night, through the night, into the light, out of sight, through the silver light
    on my way, far away, all the way, a world away, into the day
    out to sea, home with me, over the sea, across the sea, back to me
    through the rain, through the pouring rain, down the lane, like a midnight train, over the plain
    home to you, back to you, into the blue
    across the sky, into the sky, like birds that fly
    to the great unknown, down a road of stone, into the unknown
    to the sound of a song
    down the line
    straight to your heart, back to the start
    high and low, through the falling snow, like the rivers flow, like the winds that blow
    through the open air
    out the door, through an open door, to a distant shore, across the floor
    into a dream, down the stream, like a mountain stream
    down the road, on a winding road, along the road
    with the tide, for the ride
    across the land, to the promised land
    to the moon, over the moon
    down the street, through the city street
    up and down the town, round and round, all over town
    home, all the way home, on the road back home, on the way back home
    through the cold
    into space, to a secret place
    over the wall, through the hall
    """
)
"""Endings that say where to."""

LINES = _phrases(
    """
    love will find a way, you and i will find a way, i have lost my way, let the music play, hear the music play
    turn it up and let it play, there is nothing left to say, this was just another day, i will love you day by day
    love is all we need, all i want is you, all i need is you, i will wait for you
    you are my light, you are my shining light, turn the music up tonight, everything will be all right
    be my light tonight
    you are all i see, you are the one for me, you were always there for me, i have sailed the sea, set me free
    come and dance with me, come along with me, will you marry me, the truth will set you free
    i will be your rain, i will never be the same, nothing is the same, you know my name, i remember your name
    i am not afraid to fall, i am standing tall, hear my call, you can have it all
    this is where i belong, this is my song, the road is long, the night is long, everybody sing along, sing along
    we will never say goodbye, i have seen the sky, do not say goodbye, look at how the swallows fly
    i can hear the sound, i am lost and found, turn the world around, love is all around
    this is how it starts, i will give you all my heart, you have my heart, listen to your heart, do not break my heart
    say you will be mine, we have got the time, give me just a sign, everything is fine
    we will never be alone, you will never walk alone, i am here alone
    let me take you home, i am on my way back home, this old house is home, take me home, bring me home
    there is nowhere left to go, let it go, never let me go, i will never let you go, where did all the summers go
    the moon is hanging low, i watch the river flow, take it nice and slow, this is all i know
    i can feel the beat, we can feel the heat, feel the summer heat, move your dancing feet
    a river runs so deep, my love for you is deep, all the world is fast asleep, promises we keep
    i have a dream, it was only a dream, we are living in a dream, follow your dream
    the city never sleeps, the band is on, all the lights are on, and now you are gone, but the summer is gone
    we will dance until the dawn, i could ask for nothing more, love is knocking on the door
    never felt like this before
    look into my eyes, look me in the eyes, i will dry your eyes, no more lies
    i am by your side, there is nothing left to hide, let it be my guide, love is such a ride
    give me your hand, love is in demand, do you understand, walk across the sand
    i will see you soon, dancing on the moon, shine on harvest moon, play a happy tune
    meet me in the town, never let me down, do not let me down, wear a golden crown
    """
)
"""Lines that need no opening."""

THEMES: dict[str, tuple[str, ...]] = {
    "love": ("love", "heart", "hearts", "close", "hold", "mine", "lovers"),
    "night": ("night", "tonight", "stars", "moon", "midnight", "dawn"),
    "road": ("road", "driving", "ride", "riding", "train", "rolling", "walking", "way"),
    "sea": ("sea", "shore", "tide", "sail", "sailing", "sand", "waters"),
    "dance": ("dance", "dancing", "beat", "floor", "feet", "band"),
    "home": ("home", "house", "door", "lane", "garden"),
    "rain": ("rain", "rainy", "pouring", "clouds", "window"),
    "city": ("city", "street", "lights", "town", "underground"),
    "dream": ("dream", "dreaming", "sleep", "asleep", "sleeping", "silver"),
    "summer": ("summer", "sun", "july", "june", "heat", "golden"),
    "river": ("river", "rivers", "flow", "stream", "mountain", "stone"),
    "sky": ("sky", "skies", "fly", "flying", "blue", "birds", "high", "wind", "winds"),
    "song": ("song", "sing", "singing", "tune", "music", "sound", "bells"),
    "time": ("time", "days", "years", "old", "remember", "young", "day"),
}
"""Theme -> words that belong to it."""
