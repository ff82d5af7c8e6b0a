"""TODO room xfer/execution"""
