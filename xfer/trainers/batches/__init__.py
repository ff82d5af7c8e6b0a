"""What a step trains on: which rows, augmented and attacked ones, how their units align, the tensors."""
