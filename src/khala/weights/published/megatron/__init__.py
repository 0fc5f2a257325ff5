"""Checkpoints of Megatron-Core (`torch_dist`) as weights of Khala's language models. Megatron is not needed, and
nothing in a checkpoint is executed.

    metadata    .metadata: which tensors there are, and in which files their chunks lie
    arguments   common.pt: the arguments of the training -> the shape of the model
    shards      a folder as one checkpoint; its tensors put together from their chunks
    naming      names and arrangement there -> here
"""
