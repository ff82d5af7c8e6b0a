"""Many searches at once: their questions meet in shared batches, their results are those of one after the other."""
