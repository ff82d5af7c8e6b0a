"""Changes of the text: model-free ones and searches against a victim.

Component classes are light and stand in ``typos``, ``writing``, ``words``, ``switch``, ``entities``, ``questions`` and
``stress``; what they do, as pure functions on plain data, in the modules that they import when they work. How edits
are applied and labels follow is the forms' (``xfer.text.edits``, ``xfer.forms.texts``). ``engine`` runs
searches, ``aims`` say what they want of each form; ``textattack_shim`` is the only door to the TextAttack package.
"""
