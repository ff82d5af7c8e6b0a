"""What a study found: numbers of each cell, comparisons, hypotheses, lines over sizes, and the pages that show them."""
