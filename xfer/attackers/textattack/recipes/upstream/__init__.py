"""What ``compat: upstream`` is made of: TextAttack's own classes and choices, faults included, for tests of equality.

Everything that only this mode needs stands here; ``adapters``, whose goal ours is built on, and the queues that
``resources`` chooses are shared. Importing a module of this room imports TextAttack.
"""
