"""From scores, a run's own or of submitted files, to tables for people: plain data in, text out.

Imports metrics, numpy and the readers' file formats.
"""
