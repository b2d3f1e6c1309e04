"""What the resources of a stack are, in AWS's words: tasks, services, roles, buckets, keys.

Knows: the properties of each type of resource, and which roles run what.
Does not know: who makes which call.
"""
