"""Tags of audio files: what a file says about its song. A module for each format; `tagging` chooses among them."""
