"""What all tests share: the folder of reference fixtures."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("khala", deadline=None)  # a busy machine is no failure
settings.load_profile("khala")


@pytest.fixture(scope="session")
def fixtures() -> Path:
    """The reference fixtures (README.md in each): `KHALA_FIXTURES`, or shared/fixtures beside the checkout."""
    folder = Path(os.environ.get("KHALA_FIXTURES", Path(__file__).parents[2] / "shared" / "fixtures"))
    assert folder.is_dir(), f"no reference fixtures at {folder}: set KHALA_FIXTURES to the folder that holds official-a"
    return folder
