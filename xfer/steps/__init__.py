"""What each kind of node does, from its job and the results of its parents to files. Here torch begins."""

import os

# Threads that spin while they wait make a shared machine two to ten times slower, and threads that never
# spin an idle one 1.4 times. A short spin is as fast as a long one; read when torch is loaded.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "2000")
