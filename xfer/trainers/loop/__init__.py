"""TODO room xfer/trainers/loop"""
