"""The models' graphs as ONNX files that hold no weights: these stay in the safetensors files beside them.

This needs the package `onnx`; running the graphs does not.
"""
