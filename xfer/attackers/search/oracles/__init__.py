"""Models that searches ask besides the victim, each an oracle of the hub: masked and causal LMs, encoders, taggers.

An oracle computes in shapes that depend on each item alone (``shapes``), so that an answer never depends on who
shares the batch. May import: models, forms, core; torch and transformers (import these modules late).
"""
