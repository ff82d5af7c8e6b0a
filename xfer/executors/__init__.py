"""How nodes are run: ``steps`` says what each kind does, the other files where (this process, ray, Slurm)."""

import os

# Threads that spin while they wait make a shared machine two to five times slower; read when torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
