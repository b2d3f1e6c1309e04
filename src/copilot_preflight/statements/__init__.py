"""Policy statements by themselves: where each one stands, and ARNs that it can never match.

Knows: bucket and object ARNs, the ARN forms of other services.
Does not know: who makes which call.
"""
