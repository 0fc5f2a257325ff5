"""Khala's models without torch, on a CPU: onnxruntime runs their graphs, numpy does the rest.

`graphs` writes the graphs into a model folder; all else reads them.
"""
