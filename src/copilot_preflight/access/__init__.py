"""Whether a call is allowed, which layer and statement decides it, and why it is denied.

Knows: every policy layer of a request: identity, resource, boundary, endpoint, organization.
Does not know: rules, messages.
"""
