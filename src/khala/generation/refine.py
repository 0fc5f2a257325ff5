"""Super-resolution: levels 0 and 1 -> all levels, one pass over the whole song per level."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from khala.generation.progress import Progress, attended, silent
from khala.models.superres import Superres, mark
from khala.music.request import Sampling
from khala.nn.sampling import generator, nearest_to_mean, sample


@torch.inference_mode()
def refine(
    model: Superres,
    prompt_ids: list[int],
    codes: NDArray[np.int16],
    seed: int,
    sampling: Sampling,
    codebooks_QCK: Tensor,
    progress: Progress = silent,
) -> NDArray[np.int16]:
    """Codes int16 [2, T] of the backbone -> int16 [Q, T], Q = the model's levels. Progress counts levels.

    Pass k sees the prompt, its last position turned into the marker of k, and one position per frame: the sum of the
    embeddings of levels 0..k-1, which grows by one level per pass. All frames are drawn at once, with noise that
    depends on `seed` and k alone; `superres_top_k` 0 draws nothing and looks into the codec's `codebooks_QCK`. Nothing
    is padded, and nothing can be cached: with full attention the text hears the song, too.
    """
    layout = model.config.layout
    text_BT = torch.tensor([prompt_ids], device=model.device)
    codes_BQT = torch.from_numpy(codes.astype(np.int64))[None].to(model.device)
    frames = codes.shape[1]
    song_BTD = model.embed_codes(codes_BQT).float()  # a sum of up to 64 levels
    levels = [codes_BQT[0]]
    books_QCK = codebooks_QCK.to(model.device, torch.float32)
    with attended(model, progress, "superres", layout.levels - 2) as tell:
        for level in range(2, layout.levels):
            x_BTD = torch.cat([model.embed_text(mark(text_BT, level, layout)), song_BTD.to(model.working)], dim=1)
            hidden_BTD = model(x_BTD, causal=False, start=len(prompt_ids))
            logits_TC = model.level_logits(hidden_BTD, level)[0]
            if sampling.superres_top_k:
                uniform_TC = torch.rand(frames, layout.codebook, generator=generator(seed, level))
                chosen_T = sample(logits_TC, sampling.superres_temperature, sampling.superres_top_k, uniform_TC)
            else:
                chosen_T = nearest_to_mean(logits_TC, sampling.superres_temperature, books_QCK[level])
            levels.append(chosen_T[None])
            song_BTD = song_BTD + model.embed_codes(chosen_T[None, None], start=level)
            tell(level - 1, now=True)
    return torch.cat(levels).cpu().numpy().astype(np.int16)
