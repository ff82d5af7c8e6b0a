"""TODO room xfer/trainers/batches"""
