"""From stored scores to tables for people: plain data in, text out. Imports metrics and numpy only."""
