"""One process per device: the only place where jobs meet generation."""
