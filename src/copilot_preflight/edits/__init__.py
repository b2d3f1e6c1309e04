"""The way out of a finding as a value: statements to grant, corrections of what is there.

Knows: how a statement and a corrected value are written in YAML and as plain data, and where.
Does not know: why a call is denied, what a rule says of it, how files are written.
"""
