"""All rules of a recipe that concern more than one block, each once: what is checked before any work is done."""
