import pytest

from khala.music.licences import commercial_use, publishing


@pytest.mark.parametrize(
    ("license", "allowed"),
    [
        ("Apache-2.0", True),
        ("mit", True),
        ("CC-BY-NC-4.0", False),
        ("cc-by-nc-sa-4.0", False),
        ("Some Non-Commercial Licence", False),
        ("see the publisher's terms", None),
        ("unknown", None),
        ("sync-1.0", None),
        ("", None),
    ],
)
def test_commercial_use(license: str, allowed: bool | None) -> None:
    assert commercial_use(license) is allowed
    assert ("no commercial use" in publishing(license)) == (allowed is False)
