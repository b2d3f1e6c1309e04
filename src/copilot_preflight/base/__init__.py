"""The vocabulary of everything above: findings, strings with holes, three-valued logic, globs.

Knows: what a finding, a place and a report are; how unknown strings match, compare and combine.
Does not know: YAML, AWS, files.
"""
