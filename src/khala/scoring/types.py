"""The one type that every measure takes and gives: a numpy array, its shape in the docstring."""

from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]
