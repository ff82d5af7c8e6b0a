"""The attackers that a recipe names: light components, each a few fields and what it does to one row."""
