"""Copilot's overrides: the patches of a ``cfn.patches.yml``, and what they make of a template.

It stands above ``edits``, whose edits become patches here; to read and to apply patches takes no
more than ``read``. Whoever finds the file is below (``inputs``), whoever judges it above.

Knows: which patches Copilot takes, how it applies them, how they are written in YAML and for CDK.
Does not know: policies, why a patch is wanted, where files lie, how they are written.
"""
