"""Building blocks of all models. They import torch alone and know no tokens and no songs."""
