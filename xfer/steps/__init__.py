"""TODO room xfer/steps"""
