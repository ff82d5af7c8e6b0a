"""The files that ``xfer new`` writes: working examples with their tests. ``NAME`` and ``Class`` stand for names."""
