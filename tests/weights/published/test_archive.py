from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from khala.music.errors import ModelError
from khala.weights.published import archive
from khala.weights.published.archive import Archive


def read(path: Path, offset: int = 0, length: int | None = None) -> Tensor:
    with Archive(path, "here", offset, length) as file:
        stored = file.stored(file.value(), "x")
        return torch.cat([block for _, block in file.blocks(stored, "x")]).view(stored.shape)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("shape", [(), (1,), (7,), (5, 3), (2, 3, 4)])
def test_what_was_saved_comes_back_in_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dtype: torch.dtype, shape: tuple[int, ...]
) -> None:
    monkeypatch.setattr(archive, "BLOCK_BYTES", 16)
    tensor = torch.randn(shape).to(dtype)
    torch.save(tensor, tmp_path / "x")
    assert torch.equal(read(tmp_path / "x"), tensor)
    torch.save(torch.nn.Parameter(tensor), tmp_path / "x")
    assert torch.equal(read(tmp_path / "x"), tensor)


def test_a_view_into_a_larger_storage(tmp_path: Path) -> None:
    tensor = torch.arange(30.0).view(10, 3)
    torch.save(tensor[4:6], tmp_path / "x")
    assert torch.equal(read(tmp_path / "x"), tensor[4:6])


def test_an_archive_amid_a_file(tmp_path: Path) -> None:
    torch.save(torch.ones(3), tmp_path / "one")
    data = (tmp_path / "one").read_bytes()
    (tmp_path / "x").write_bytes(b"before" + data + data[:100])
    assert torch.equal(read(tmp_path / "x", 6, len(data)), torch.ones(3))
    for offset, length in ((6, len(data) - 1), (7, 90), (10**9, 5)):
        with pytest.raises(ModelError, match=r"^here is damaged or truncated"):
            read(tmp_path / "x", offset, length)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (torch.arange(6.0).view(2, 3).T, "its numbers are not in order"),
        (torch.zeros(3, dtype=torch.complex64), "asks for torch.ComplexFloatStorage"),
        (torch.ones(3, dtype=torch.int64), "holds torch.int64, not weights"),
        (torch.tensor([1.0, float("nan")]), "holds NaN or infinity"),
        ([1, 2], "the tensor x is damaged"),
        (torch.float32, "not a tensor"),
    ],
)
def test_what_is_no_tensor_of_weights_is_refused(tmp_path: Path, value: Any, message: str) -> None:
    torch.save(value, tmp_path / "x")
    with pytest.raises(ModelError, match=f"^here.*{message}"):
        read(tmp_path / "x")


def test_a_missing_file_is_a_model_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"^here is damaged or truncated .No such file"):
        read(tmp_path / "x")
