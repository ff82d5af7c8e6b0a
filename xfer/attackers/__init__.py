"""Changes of the text: model-free ones and searches against a victim.

``base`` is what every attacker is; ``methods`` holds the components that a recipe names, ``search`` what searches
share (scheduler, goals, oracles), ``textattack`` the one door to that package, ``lexicons`` word lists. What is true of
writing without any attacker stands in ``xfer.text``; how labels follow an edit is the forms' (``xfer.forms.texts``).
"""
