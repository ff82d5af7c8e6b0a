"""The terms of the loss of a step, by name: the task's own, consistency, distillation, divergences."""
