"""Models in PyTorch: the reference, on a CPU, CUDA or MPS."""
