"""Phrases for lyrics, in plain words of `words.LEXICON`.

An opening (a motion or a state) followed by an ending (an adverbial or a direction) is a sentence:
"i will follow" + "through the pouring rain".
"""


def _phrases(text: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(phrase.split()) for line in text.strip().splitlines() for phrase in line.split(",") if phrase)


MOTIONS = _phrases(
    """
    dancing, running, falling, walking, driving, sailing, flying, riding, rolling, turning, drifting
    we dance, we run, i fall, we ride, i walk, we sail, we fly, i drive, we drift, i go
    take me, come with me, run with me, fly with me, we will fly, we will run, i will come, i will go, we can fly
    we will sail, i will ride, we can dance, lead me on, carry me, lift me up
    you take my hand, we run and hide, we laugh and run, and i will go, and we can fly, and we will run
    we leave it all
    we will follow, i keep walking, we are dancing, we are running, i am falling, we go dancing, take me with you
    come and find me, we keep running, i am driving, we were sailing, keep on moving, we go rolling, i was walking
    let us wander, lead me onward, i come running, we are drifting
    i will follow you, we can run away, we will run away, i am coming home, i will carry you, we are flying now
    we are dancing now, we will sail away, we can fly away
    and i will follow, we keep on dancing, we keep on walking, i feel like flying, i go on dreaming
    we keep on rolling
    the road will lead us, the river takes me, the wind will take us, the train is rolling
    climbing, racing, chasing, marching, spinning, soaring, rushing, searching, breaking
    we climb, we race, we march, i run, we spin, i fly, you go, we came, they ran, she came, he went
    hurry home, follow me, walk with me, ride with me, drive with me, pull me close, we broke free, they were gone
    we will climb, we will ride, we will rise, i will fly, i will drive, i would run, you can run, i came back
    we went on
    we are racing, we are flying, i am leaving, she was leaving, he was driving, they were marching, we came running
    i go walking, keep me moving, keep on dancing, i was running, we keep climbing, wheels are turning, take us higher
    we are coming home, i am on my way, we were born to run, we will find a way, she was running wild
    we have come so far
    i was running late, we are breaking free, let the engine roll, we are going down, let us go again
    and we keep driving, and i keep running, and we go sailing, we keep on climbing, the wheels are turning
    the train is moving
    my feet are dancing, the crowd is moving, the birds are flying, the band is marching, the horses running
    a ship is sailing
    """
)
"""Openings with a verb of motion."""

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
    glowing, breathing, hoping, aching, longing, laughing, wishing, praying, shaking, healing
    you laugh, we wait, i hope, i wish, you call, we shine, she sings, he waits, i stay, they sing, we hum, i breathe
    say my name, take my heart, hear my voice, sing to me, smile at me, wake me up, turn it on, light the fire
    hold on tight
    we will stay, we will sing, i will call, you will see, i was born, we were lost, i was wrong, you were right
    time stood still
    thunder rolls, fires burn, church bells ring, engines hum, neon glows, summer comes, winter waits, morning comes
    my heart is burning, the fire is burning, the streets are glowing, the neon glowing, the drums are beating
    the clock is ticking
    the night is young, the time is right, the bells will ring, the sky is blue, the day is done
    the snow will fall, the fire will burn
    i miss your laugh, i hear your voice, i feel your hand, i need your love, i want you here, i saw you there
    you know my name
    you are smiling, i was dreaming, we are glowing, lights are flashing, rain came falling, hearts are breaking
    i am breathing
    fires are burning, drums are rolling, clouds are hanging, coffee steaming, someone singing, no one answers
    all is quiet
    you will remember, i still remember, do you remember, the city whispers, the radio plays, the music is loud
    i will sing along, i have waited long, i can feel it now, we are here to stay, you are on my mind
    i have loved you long
    i am not afraid, we are almost there, you were by my side, she was in my arms, he was on his own
    they will never know
    the summer is here, the winter is gone, the morning will come, the river is wide, the shadows are long
    """
)
"""Openings without motion."""

ADVERBIALS = _phrases(
    """
    in the night, all the night, in the morning light, in the silver light, tonight, all through the night
    under the light, in the fading light, on a summer night, on a quiet night, in the candle light, by the city light
    shining bright, holding tight
    till the break of day, on a summer day, night and day, today, another day, on a rainy day, till the end of day
    day by day, in the month of may, and i want to stay, like the light of day, on a winter day, so far away
    by the sea, next to me, young and free, under the tree, here with me, you and me, beside the sea, on a silver sea
    as far as i can see, for you and me, for all to see, so wild and free
    in the rain, after the rain, in the summer rain, in the falling rain, in the pouring rain, by the window pane
    on the open plain, on a midnight train
    me and you, under the blue, next to you, close to you, all night through, under skies of blue, and only you
    till the night is through, for me and you, the way we do, in a world of blue, like lovers do
    in the sky, way up high, under the sky, with a sigh, in an open sky
    and we never cry, in july, like a lullaby, and we wave goodbye
    all alone, on my own, by the phone, by a wall of stone
    all night long, all along, with a song, where we belong, where i belong, to a simple song, to a summer song
    like an old sweet song
    hand in mine, as the stars all shine, your hand in mine, like summer wine, where the lanterns shine
    in my heart, from the start, deep in my heart, inside my heart
    in the snow, where the rivers flow, where the wild winds blow, soft and slow, where the roses grow, down below
    when the lights are low, where the waters flow, in the winter snow, and the lights are low
    in the air, over there, without a care, in the evening air, in the summer air
    on the floor, by the shore, like before, at the door, like never before, on the golden shore, on a distant shore
    now and evermore, more and more
    in a dream, by the stream, in a silver dream, like a perfect dream, inside a dream, by a mountain stream
    on the road, with a heavy load, on the open road, on a dusty road
    by my side, deep inside, side by side, on the evening tide, by your side, with my arms open wide
    hand in hand, on the sand, in a distant land, on the golden sand, in the promised land
    under the moon, very soon, in june, to a happy tune, by the silver moon, in the afternoon
    fast asleep, in my sleep, in the deep, in the waters deep, in a quiet sleep
    on the street, to the beat, in the heat, to a steady beat, in the summer heat, on a city street
    all around, on the ground, lost and found, to a distant sound, without a sound, in the underground
    in the cold, in the gold, till we are old, out in the cold, in the morning gold, like a story told
    to have and hold
    in this place, in a secret place, in a quiet place, in a warm embrace
    like a flame, when you say my name, like a candle flame, when you call my name, all the same
    after all, when you call, standing tall, as the shadows fall, by the garden wall
    in your eyes, under the skies, in the summer skies, with open eyes
    until the dawn, till the early dawn, on the morning lawn
    in the spring, as the church bells ring
    under neon light, in the pale moon light, with all our might, on a friday night, in the dead of night
    by the traffic light, in the black and white
    every day, in the month of may, on a holiday, on the first of may, where the children play
    at the break of day, come what may
    every single day, in the cold and grey, on a lazy day
    on my knee, by the apple tree, wild and free
    in the acid rain, through the joy and pain, in the driving rain, with no one to blame, like a hurricane
    just us two, in your shoes, like you do, in the morning dew, in my favorite shoes
    till the well runs dry, you and i, with my head held high, with a last goodbye
    with a broken bone, like a rolling stone, far from home, on the telephone, with a heart of stone, in a danger zone
    all day long, where we went wrong, to a country song, to a lonely song, with a love so strong
    in a perfect line, when the sun will shine, in the bright sun shine, like a glass of wine, with a hand in mine
    in the dark, like a spark, in the park, from the very start
    in the afterglow, on the late night show, long ago, toe to toe, on with the show, years ago
    everywhere, in the city square, in the open air, in a rocking chair, with a heart to spare, if you dare
    by the kitchen door, on the dancing floor, on a foreign shore, evermore
    of a winter dream, at seventeen, like a time machine, on a silver screen
    for the two of us, in the dust
    on the other side, on a bumpy ride, on the great divide
    in the marching band, in a golden land, on the desert sand, on command
    one by one, on the run, when the day is done, in the setting sun, just for fun
    at the count of three, underneath the moon, in a crowded room, when the roses bloom
    in the mountains steep, counting sheep, six feet deep
    on a dead end street, in the driver seat, on my own two feet
    in the lost and found, on the edge of town, in a border town, all over town, in a wedding gown
    by the stories told, with a heart of gold, in the winter cold, in the fading gold
    in a lonely place, at a steady pace, in your warm embrace, in the outer space, with a touch of grace
    like a house of flame, in the hall of fame, on the way they came, in a losing game
    on the evening news, in my walking shoes
    like a waterfall, on the bedroom wall, in the early fall, down the hall, by the city wall, for one and all
    under stormy skies, full of lies, under southern skies
    in my mind, left behind, of any kind, by design
    with a beating heart, a world apart, like a work of art, every part
    when i fall asleep, down in the deep
    crystal clear, year by year, when you are near, without fear, as the end is near
    on a wing, when the robins sing, like a broken string, every little thing, of everything
    with the window down, round and round
    over the hill, standing still, just for the thrill, against my will
    in your head, in the bed, in the flaming red, in the words you said, by a golden thread
    to the end, with a friend, around the bend
    with a kiss, just like this, full of bliss
    to the test, in the west, with the very best, like all the rest
    """
)
"""Endings of place, time or manner; grouped by rhyme."""

DIRECTIONS = _phrases(
    """
    into the night, through the night, into the light, out of sight, through the silver light
    on my way, far away, all the way, a world away, into the day
    out to sea, home with me, over the sea, across the sea, back to me
    through the rain, through the pouring rain, down the lane, like a midnight train, over the plain
    home to you, back to you, into the blue
    across the sky, into the sky, like birds that fly
    to the great unknown, down a road of stone
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
    home, on the road back home, on the way back home
    through the cold
    into space, to a secret place
    over the wall, through the hall
    into the neon light, through the city night, into the dead of night
    out of the grey, through the month of may, along the bay
    over the rain, through the joy and pain, into the lane
    across the open sea, along with you and me, over hill and tree
    down the avenue, into something new, over to you, out of the blue
    way up high
    through the twilight zone, all the way to rome
    down the borderline, past the finish line
    into the dark, through the park
    on and on we go, down the river slow, through the ice and snow
    up in the air, everywhere, down the stair
    over the hills
    from coast to coast
    on the other side, down the mountain side
    into the sun, on the run
    around the bend, until the end
    into the storm, to keep us warm
    back in time, up the hill we climb
    out of town
    into the west, with the best
    past the city wall, down the waterfall
    into the cold
    out of space, all over the place
    to the top, and we never stop
    """
)
"""Endings of direction, for openings with a verb of motion."""

WHOLE_LINES = _phrases(
    """
    love will find a way, you and i will find a way, i have lost my way, let the music play, hear the music play
    turn it up and let it play, there is nothing left to say, this was just another day, i will love you day by day
    love is all we need, all i want is you, all i need is you, i will wait for you
    you are my shining light, turn the music up tonight, everything will be all right
    be my light tonight
    you are all i see, you are the one for me, i have sailed the sea
    come and dance with me, come along with me, will you marry me, the truth will set you free
    i will be your rain, i will never be the same, nothing is the same, you know my name
    i am not afraid to fall, i am standing tall, you can have it all
    this is where i belong, everybody sing along
    we will never say goodbye, i have seen the sky, do not say goodbye, look at how the swallows fly
    i can hear the sound, i am lost and found, turn the world around, love is all around
    this is how it starts, i will give you all my heart, listen to your heart, do not break my heart
    say you will be mine, we have got the time, give me just a sign, everything is fine
    we will never be alone, you will never walk alone, i am here alone
    let me take you home, this old house is home
    there is nowhere left to go, never let me go, i will never let you go, where did all the summers go
    the moon is hanging low, i watch the river flow, take it nice and slow, this is all i know
    i can feel the beat, we can feel the heat, feel the summer heat, move your dancing feet
    a river runs so deep, my love for you is deep, all the world is fast asleep
    it was only a dream, we are living in a dream
    the city never sleeps, all the lights are on
    we will dance until the dawn, i could ask for nothing more, love is knocking on the door
    never felt like this before
    look into my eyes, look me in the eyes, i will dry your eyes
    i am by your side, there is nothing left to hide, let it be my guide, love is such a ride
    love is in demand, do you understand, walk across the sand
    i will see you soon, dancing on the moon, shine on harvest moon, play a happy tune
    meet me in the town, never let me down, do not let me down, wear a golden crown
    we will never let it go, everybody let it go, sing it loud and let it go
    hear the people singing oh, tell me what you want to know, take me where the wild winds blow
    i will find a better way, life is better when you stay, we can dance the night away, chase the shadows all away
    throw your troubles all away, i have heard what people say, maybe we will be okay
    raise your hands into the light, we will dance until the light, hold me close and hold me tight
    you and me against the night, we are ready for the fight
    nothing ever comes for free, come and take a chance with me, this is who i want to be
    take a look at you and me, tell me what you want from me
    i can hear the engine roar, tell me that you want some more
    we were lonely on the shore, give it up and give me more
    i have never felt so free, rise up and be free
    every road will lead to you, every song i sing is you
    all my dreams are coming true, everything i say is true
    i can see it in your eyes, never tell me any lies, love will never tell you lies
    baby you can drive my car, baby you will be my star, tell me who you think you are, you can be a shining star
    never wander off too far, love will find you where you are
    we are burning like the sun, we have only just begun, we will party in the sun, two of us will be as one
    you will always be the one, baby you can be the one
    i got lost inside my mind, leave the city lights behind, love is what you have to find, love is never very kind
    you are always on my mind, i will leave it all behind
    time will never heal the pain, tell me how to stop the rain
    we can learn to love again, i will never hurt again
    give me something to believe, tell me that you will not leave, i have tears upon my sleeve
    people come and people leave
    take it easy take it slow, feel the music in your soul, let the music take control, let the good times roll
    heart and body mind and soul
    wake me up inside a dream, love is never what it seems, we are running down a dream
    i have lived a thousand dreams
    i was dancing in my dreams
    i have got a broken heart, we were lovers from the start, we have always been apart
    play it loud and play your part
    i was running out of time, all i needed was some time, love is just a waste of time, every mountain we can climb
    do you want to hear a rhyme
    if you ever lose your way, call my name and i will stay, i was wrong and now i pay
    we are young and we are strong, we have waited far too long
    i have waited all night long, love is such a simple song
    put your money on the street, get on up and move your feet, everybody feel the heat
    clap your hands and stomp your feet, turn around and feel the beat
    we are stronger than before
    let us rest a little while, we will dance a little while, i would walk another mile
    it has been a lonely mile
    no one sleeps in town tonight, we can be a star tonight
    """
)
"""Lines that need no opening."""
