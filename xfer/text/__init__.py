"""TODO room xfer/text"""
