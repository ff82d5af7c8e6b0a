"""Here so that pytest puts this folder on the path: the folder below imports its runs."""
