"""A report in one format for each module; a run imports only the format that it writes.

Paths become line numbers here and nowhere below.

Knows: findings, positions, output formats.
Does not know: why a finding was made.
"""
