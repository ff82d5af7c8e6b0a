"""TextAttack's recipes by name: what each needs, what is wrong upstream, and how each is put together.

``table`` and ``faults`` are light; ``build`` and what it is made of import TextAttack through the shim.
"""
