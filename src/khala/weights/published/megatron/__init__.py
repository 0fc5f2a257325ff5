"""Checkpoints of Megatron-Core (`torch_dist`) -> weights of Khala's language models.

Megatron is not needed, and nothing in a checkpoint is executed.

    metadata    .metadata: the tensors, and the files of their chunks
    arguments   common.pt: the arguments of the training -> the configuration of the model
    shards      a checkpoint folder: its tensors, assembled from their chunks
    naming      names and layout of weights there -> here
"""
