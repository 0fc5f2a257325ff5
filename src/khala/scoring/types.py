"""The type that every measure takes and returns: a numpy array, its shape in the docstring."""

from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]
