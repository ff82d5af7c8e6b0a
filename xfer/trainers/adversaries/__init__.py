"""Training against perturbed word embeddings, one file a family of methods.

``base`` and the classes are light; ``micro``, ``balls``, ``divergences`` and ``vote`` import torch.
"""
