"""TODO room xfer/attackers/textattack"""
