"""Loops that fit a network on the tasks of a stage, and what they draw their batches with.

Component classes are light; ``loop``, ``sampler`` and ``checkpoint`` import torch.
"""
