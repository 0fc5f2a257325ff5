"""Themes that lyrics can be about."""

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
    "fire": ("fire", "fires", "burning", "flame", "heat", "flaming", "spark"),
    "freedom": ("free", "wild", "run", "running", "breaking", "wing", "open"),
    "heartbreak": ("tears", "broken", "lonely", "goodbye", "pain", "lies", "cry", "alone"),
    "neon": ("neon", "screen", "machine", "radio", "traffic", "engine"),
    "winter": ("winter", "snow", "cold", "ice", "grey"),
    "party": ("party", "clap", "feet", "stomp", "friday", "beat", "floor"),
    "storm": ("storm", "thunder", "rain", "hurricane", "stormy", "wind"),
    "memory": ("remember", "years", "long", "ago", "stories", "old"),
    "time": ("time", "years", "old", "remember", "young", "day"),
}
"""Theme -> words of its field."""
