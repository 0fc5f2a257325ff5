import pytest
import torch

from khala.nn.precision import INT4, Formats, compute_dtype_of, computes_bfloat16, step_dtype_of

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


@pytest.mark.parametrize("stored", [torch.bfloat16, torch.float16, torch.int8, INT4])
def test_a_step_on_a_cpu_is_in_float32(stored: torch.dtype) -> None:
    assert step_dtype_of(stored, CPU) == torch.float32
    assert step_dtype_of(torch.float64, CPU) == torch.float64
    assert (
        step_dtype_of(stored, torch.device("cuda")) == compute_dtype_of(stored, torch.device("cuda")) != torch.float32
    )


def test_formats_name_what_differs() -> None:
    float32, float16 = torch.float32, torch.float16
    assert str(Formats.uniform(INT4)) == "int4"
    assert str(Formats(float32, float16)) == "backbone=float32,superres=float16"
    assert str(Formats(float16, float16, float16)) == "backbone=float16,superres=float16,codec=float16"
