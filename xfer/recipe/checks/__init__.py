"""TODO room xfer/recipe/checks"""
