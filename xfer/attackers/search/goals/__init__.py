"""What a search wants of a victim, one aim a form."""
