import pytest

from khala.music.errors import InvalidRequest, KhalaError, ModelError, OutputError


@pytest.mark.parametrize(("kind", "status"), [(KhalaError, 1), (InvalidRequest, 2), (OutputError, 2), (ModelError, 3)])
def test_an_error_is_one_line_with_an_exit_status(kind, status):
    error = kind("broken:\n  byte 3\r\nis odd ")
    assert str(error) == "broken: byte 3 is odd"
    assert error.exit_status == status
    assert isinstance(error, KhalaError)
