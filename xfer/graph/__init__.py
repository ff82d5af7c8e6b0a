"""Which work there is: a recipe compiled to content-named nodes, each with a typed job. Light; imports
what lies below and never ``steps``, which do the work, or torch.
"""
