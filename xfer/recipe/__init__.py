"""Recipes and studies: their fields, how files are loaded and laid over each other, and the JSON Schema of both.

Stands above the kinds that a recipe names (readers, models, trainers, attackers) and imports none of torch,
transformers, datasets or textattack.
"""
