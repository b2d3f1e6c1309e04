"""IAM's policy simulator, offline, over ``iam``.

Knows: SimulateCustomPolicy's inputs and outputs.
Does not know: templates.
"""
