"""`khala serve` for the studio's tests: an untrained model that sings noise of exactly the length asked for.

python serve.py FOLDER [ARGUMENTS OF khala serve]
"""

import sys
from pathlib import Path

import torch

from khala.cli.main import main
from khala.models import Backbone, Superres, tiny
from khala.weights import save_model
from khala.weights.folder import build_codec
from khala.weights.tokenizer import Tokenizer

CARD = "# Noise\n\nA tiny model that makes noise quickly: everything in place, nothing trained.\n"


def save_noise(folder: Path) -> None:
    """The preset `tiny` with random weights; only the end token looks at the first dimension, and dislikes it."""
    config = tiny()
    torch.manual_seed(0)
    backbone, superres, codec = Backbone(config.backbone), Superres(config.superres), build_codec(config.codec)
    with torch.no_grad():
        backbone.embedding.weight[:, 0] = 5.0
        backbone.head.weight[:, 0] = 0.0
        backbone.head.weight[config.backbone.layout.eos] = 0.0
        backbone.head.weight[config.backbone.layout.eos, 0] = -100.0
    for tensor in codec.state_dict().values():  # an unfitted codec is silent whatever the codes
        if tensor.is_floating_point():
            tensor.copy_(0.3 * torch.randn_like(tensor))
    save_model(folder, config, backbone, superres, codec, Tokenizer.of_bytes(), CARD)


if __name__ == "__main__":
    home = Path(sys.argv[1])
    if not (home / "noise").exists():
        save_noise(home / "noise")
    data = [f"--database=sqlite:///{home}/library.db", f"--artifacts={home}/artifacts"]
    sys.argv = ["khala", "serve", f"--model={home / 'noise'}", *data, "--workers=1", *sys.argv[2:]]
    main()
