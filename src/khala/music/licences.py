"""What the licence of a model's weights means for the songs that it makes."""

import re

_FREE = {"apache-2.0", "mit", "bsd-2-clause", "bsd-3-clause", "cc0-1.0", "cc-by-4.0", "unlicense"}
"""Licences, by their names in SPDX, that leave commercial use open."""
_NON_COMMERCIAL = re.compile(r"\bnc\b|non-?commercial")


def commercial_use(license: str) -> bool | None:
    """Return whether a licence allows commercial use; None where Khala does not know it."""
    name = license.strip().lower()
    if name in _FREE:
        return True
    return False if _NON_COMMERCIAL.search(name) else None


def publishing(license: str) -> str:
    """Return in a sentence what a licence of weights means for who publishes songs made with them."""
    return {
        True: "songs may be published and sold; the licence of the weights sets no terms for them",
        False: "no commercial use; publish songs only where nobody earns money by them",
        None: "Khala does not know this licence; ask whoever published the weights before you publish songs",
    }[commercial_use(license)]
