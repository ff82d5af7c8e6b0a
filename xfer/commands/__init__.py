"""One file a verb. Modules import click alone; what a command needs it imports when it is called."""
