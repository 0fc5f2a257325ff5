from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from khala.weights.tensor_file import TensorFile, stored_as


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_values_are_those_of_the_file_whatever_they_are_stored_in(tmp_path: Path, dtype: torch.dtype) -> None:
    tensors = {"a": torch.randn(3, 5), "b.weight": torch.randn(7), "one": torch.tensor(2.5)}
    tensors = {name: tensor.to(dtype) for name, tensor in tensors.items()}
    save_file(tensors, tmp_path / "x.safetensors", metadata={"format": "pt"})
    file = TensorFile(tmp_path / "x.safetensors")
    assert set(file.tensors) == set(tensors)
    for name, tensor in tensors.items():
        found = file.array(name)
        assert found.dtype == np.float32 and np.array_equal(found, tensor.float().numpy())


def test_tensors_have_their_current_names(tmp_path: Path) -> None:
    save_file({"cues.weight": torch.ones(2, 2)}, tmp_path / "x.safetensors")
    assert TensorFile(tmp_path / "x.safetensors").array("conditions.weight").sum() == 4


def test_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.safetensors").write_bytes(b"\x05\0\0\0\0\0\0\0hello")
    with pytest.raises(ValueError):
        TensorFile(tmp_path / "x.safetensors")


@pytest.mark.parametrize(("name", "dtype"), [("F32", torch.float32), ("F16", torch.float16), ("BF16", torch.bfloat16)])
def test_values_are_rounded_as_torch_rounds_them(name: str, dtype: torch.dtype) -> None:
    values = torch.randn(1000) * torch.logspace(-4, 4, 1000)
    values[:2] = torch.tensor([1 + 2**-8, 1 + 3 * 2**-8])  # halfway between two of bfloat16: to the even one
    stored = stored_as(name, values.numpy())
    assert torch.equal(torch.from_numpy(stored).view(dtype), values.to(dtype))


@pytest.mark.parametrize("content", [b"", b"short", b"\xff" * 8 + b"{}", (2).to_bytes(8, "little") + b"{"])
def test_what_is_no_such_file_is_an_error_of_value(tmp_path: Path, content: bytes) -> None:
    (path := tmp_path / "weights.safetensors").write_bytes(content)
    with pytest.raises(ValueError):
        TensorFile(path)
