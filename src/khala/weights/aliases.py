"""Names that model folders of version 0.1.0 use, read for one more release."""

from typing import Any

CONDITION_ROWS_0_1_0 = 436
"""Rows of the table of conditions in every model of version 0.1.0 that had one."""

TENSORS = {
    "cues.weight": "conditions.weight",
    **{f"said.{kind}": f"ctc_head.{kind}" for kind in ("weight", "bias")},
    **{f"heard.{kind}": f"frame_head.{kind}" for kind in ("weight", "bias")},
}
"""Names of tensors, and what they are called now."""


def tensor_name(name: str) -> str:
    """Return the current name of a stored tensor."""
    return TENSORS.get(name, name)


def rename_keys(config: dict[str, Any]) -> None:
    """Rename the keys of a model's `config.json` in place."""
    for part in ("backbone", "superres"):
        sizes = config.get(part)
        if isinstance(sizes, dict) and isinstance(cues := sizes.get("cues"), bool):
            del sizes["cues"]
            sizes.setdefault("condition_rows", CONDITION_ROWS_0_1_0 if cues else 0)
    prompt = config.get("prompt")
    if isinstance(prompt, dict) and "blank" in prompt:
        prompt.setdefault("supports_guidance", prompt.pop("blank"))
