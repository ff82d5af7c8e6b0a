"""Scores: pure functions of gold and predicted values. Import nothing of xfer but core's errors and seeds."""
