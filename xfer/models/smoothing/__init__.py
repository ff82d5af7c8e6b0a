"""TODO room xfer/models/smoothing"""
