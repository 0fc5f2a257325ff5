from torch import nn
class Vocoder(nn.Module):
    def __init__(self, config, analysis): super().__init__()
