"""Word lists that searches replace words from: vectors, WordNet, tables of synonyms, names and places.

Reads plain files only, never pickles. May import: the standard library, numpy, ``regex``, core errors and seeds.
"""
