"""How nodes are run: ``steps`` says what each kind does, the other files where (this process, ray, Slurm)."""

import os

# Threads that spin while they wait make a shared machine two to ten times slower, and threads that never
# spin an idle one 1.4 times. A short spin is as fast as a long one; read when torch is loaded.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "2000")
