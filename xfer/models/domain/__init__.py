"""Discriminators over the encoder's states that the encoder is turned against, each the ``head`` of a task.

``base`` and ``heads`` are light components; ``judge`` (the network) and ``form`` (rows,
batches, accuracy) import torch.
"""
