"""Tokens a second of Khala Mini's backbone beside stock `transformers`: `generate()` of a Llama of the same size.

    python benchmarks/generate.py [--seconds 24] [--rounds 3]

Both draw the tokens of a song one by one with guidance, on one thread; ours with all that a song needs besides
(conditions, the aligner), theirs with random weights and `guidance_scale`. Seconds are the thread's CPU time, in turns;
of several rounds the best counts. The target is five times its tokens a second.
"""

import argparse
import os
import platform
import time
from collections.abc import Callable

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from khala.engine.onnx.backbone import BackboneSession
from khala.engine.onnx.decode import decode_takes
from khala.generation.plan import guide_for, plan_take
from khala.music.request import SongRequest
from khala.weights.opening import open_model

LYRICS = "[verse]\nThe morning light is on the water\nand I am walking down the hill\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=24)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    opened = open_model("mini")
    sampling = opened.config.sampling
    tags = ("folk", "female vocals")
    request = SongRequest(tags=tags, lyrics=LYRICS, duration=arguments.seconds, seed=7, sampling=sampling)
    plan = plan_take(request, 1, opened.config, opened.tokenizer)
    session = BackboneSession(opened.folder, opened.config.backbone)
    c = opened.config.backbone
    llama = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=c.text_vocab + 2 * c.codebook,
            hidden_size=c.dim,
            num_hidden_layers=c.layers,
            num_attention_heads=c.heads,
            num_key_value_heads=c.kv_heads,
            head_dim=c.head_dim,
            intermediate_size=c.ffn,
            max_position_embeddings=c.context,
            eos_token_id=None,
            pad_token_id=0,
        )
    ).eval()
    tokens = 0

    def ours() -> None:
        nonlocal tokens
        (result,) = decode_takes(session, [plan.slot()], guide_for([plan]))
        tokens = 2 * result.codes.shape[1]

    def theirs() -> None:
        prompt, blank = (torch.tensor([ids]) for ids in (plan.backbone_ids, plan.uncond_ids))
        settings = {"do_sample": True, "top_k": sampling.top_k, "temperature": sampling.temperature}
        guided = {"guidance_scale": sampling.guidance, "negative_prompt_ids": blank}
        llama.generate(prompt, min_new_tokens=tokens, max_new_tokens=tokens, **settings, **guided)

    best = {"khala": float("inf"), "transformers": float("inf")}
    for _ in range(arguments.rounds):
        for name, run in (("khala", ours), ("transformers", theirs)):
            best[name] = min(best[name], seconds(run))
    print(f"{platform.machine()}, load {os.getloadavg()[0]:.1f}, {tokens} tokens, guidance {sampling.guidance:g}")
    for name, spent in best.items():
        print(f"{name:13} {tokens / spent:6.0f} tokens/s, {best['transformers'] / spent:.1f} x")


def seconds(run: Callable[[], None]) -> float:
    """CPU seconds of the calling thread."""
    began = time.thread_time()
    run()
    return time.thread_time() - began


if __name__ == "__main__":
    main()
