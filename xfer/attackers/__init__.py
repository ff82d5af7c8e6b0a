"""Changes of the text: model-free ones and searches against a victim.

Pure functions on plain data stand in ``letters`` and ``edits``; component classes are light;
``textattack_search`` is the only door to the TextAttack package.
"""
