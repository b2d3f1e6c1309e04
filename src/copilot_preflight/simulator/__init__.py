"""IAM's policy simulator, offline, over ``iam``.

Knows: SimulateCustomPolicy's inputs and outputs, and how a role comes out of a template.
Does not know: what a template needs.
"""
