"""The shapes of a task: columns, encoding, head, loss, decoding and metric, one file a form.

``base`` is light; the forms themselves import numpy and torch.
"""
