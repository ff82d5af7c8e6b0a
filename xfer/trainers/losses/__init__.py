"""TODO room xfer/trainers/losses"""
