"""A template and a scenario give values: conditions, functions, parameters, other stacks.

Knows: CloudFormation's language, and what the user provides about things outside the run.
Does not know: any type of resource but those that nest stacks.
"""
