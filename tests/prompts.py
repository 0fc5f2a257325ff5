"""Prompts as tests compare them."""

from khala.music.prompt import Prompt, Special


def prompt_text(prompt: Prompt) -> str:
    """The prompt as one string, special tokens by name."""
    return "".join(segment.name if isinstance(segment, Special) else segment for segment in prompt)
