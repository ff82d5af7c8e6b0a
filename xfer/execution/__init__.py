"""Who does the work, and where: the walk over a graph, plans, explanations, worker processes, studies."""
