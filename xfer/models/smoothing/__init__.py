"""The certified vote over randomised copies of an input: its settings and how votes are counted."""
