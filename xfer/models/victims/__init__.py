"""What a search asks of a network: probabilities, tags, spans, choices or ranks of changed texts, in batches."""
