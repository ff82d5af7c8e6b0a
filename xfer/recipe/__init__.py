"""TODO room xfer/recipe"""
