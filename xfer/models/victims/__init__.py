"""TODO room xfer/models/victims"""
