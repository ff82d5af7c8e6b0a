"""The training loop and what it keeps: optimiser, checkpoints, selection, averages, sharding, logs. Imports torch."""
