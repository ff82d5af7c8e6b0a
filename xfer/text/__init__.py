"""What is true of writing without any attacker: words, scripts, keyboards, romanisation, spelling, distances, edits.

Pure functions on text. May import ``xfer.core`` and the standard library alone.
"""
