"""The one door to the TextAttack package: loading it, its texts and searches beside our victims, its recipes."""
