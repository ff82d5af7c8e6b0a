"""How nodes are run: ``steps`` says what each kind does, the other files where (this process, ray, Slurm)."""
