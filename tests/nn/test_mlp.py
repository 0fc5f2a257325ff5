import torch
import torch.nn.functional as F

from khala.nn.mlp import SwiGLU


def test_gate_rows_come_first_and_the_silu_is_theirs() -> None:
    torch.manual_seed(0)
    mlp = SwiGLU(6, 10, bias=True)
    x = torch.randn(2, 3, 6)
    gate = x @ mlp.gate_up.weight[:10].T + mlp.gate_up.bias[:10]
    up = x @ mlp.gate_up.weight[10:].T + mlp.gate_up.bias[10:]
    torch.testing.assert_close(mlp(x), (F.silu(gate) * up) @ mlp.down.weight.T + mlp.down.bias)
