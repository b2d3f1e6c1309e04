"""One run over files: read, judge, suppress, grade.

Knows: options, worker processes, suppressions, policy files named on the command line.
Does not know: formats, configuration files.
"""
