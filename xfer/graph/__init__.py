"""TODO room xfer/graph"""
