"""TODO room xfer/attackers/methods"""
