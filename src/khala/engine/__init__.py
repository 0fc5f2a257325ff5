"""Engines compute the stages of takes, each for one model on one device.

`onnx` runs a model's graphs on any CPU, without torch. `pytorch` runs every model everywhere; it is the reference.
"""
