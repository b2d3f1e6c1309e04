"""Policies and how AWS evaluates them: ARNs, actions, principals, conditions, policy layers.

Knows: one request against policies whose strings may have holes; AWS's managed policies and
actions.
Does not know: CloudFormation, ECS, where a policy was written.
"""
