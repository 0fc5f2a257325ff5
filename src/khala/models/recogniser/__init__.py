"""The recogniser of sung phones: `features` of a song, in numpy, and the `network` over them, in torch."""
