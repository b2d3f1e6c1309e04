"""From bytes to plain data in which every value has a position.

Knows: YAML and JSON, their errors, JSON Schema, JSONPath.
Does not know: CloudFormation, policies.
"""
