"""The ground and the roof of the house.

The ground: ``errors``, ``seeds``, ``yaml``, ``component`` import nothing above them.
The roof: ``recipe``, ``load``, ``graph``, ``store``, ``run`` know every kind by its abstract base only.
Nothing in here imports torch, transformers, datasets or textattack when it is imported.
"""
