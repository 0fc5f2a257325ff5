import pytest
import torch

from khala.nn.precision import compute_dtype_of, computes_bfloat16

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("known", "bfloat16"), [({"avx2": True, "amx_bf16": False}, torch.float32), ({"amx_bf16": True}, torch.bfloat16)]
)
def test_a_cpu_computes_halves_only_by_instructions_for_them(
    monkeypatch: pytest.MonkeyPatch, known: dict[str, bool], bfloat16: torch.dtype
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: known)
    computes_bfloat16.cache_clear()
    assert compute_dtype_of(torch.bfloat16, CPU) == bfloat16
    assert compute_dtype_of(torch.float16, CPU) == torch.float32
    assert compute_dtype_of(torch.float32, CPU) == torch.float32
    assert compute_dtype_of(torch.float64, CPU) == torch.float64
    assert compute_dtype_of(torch.float16, torch.device("cuda")) == torch.float16
    computes_bfloat16.cache_clear()
