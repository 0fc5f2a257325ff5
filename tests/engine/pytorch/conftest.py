"""A tiny model with random weights."""

from tiny import folder, loaded

__all__ = ["folder", "loaded"]
