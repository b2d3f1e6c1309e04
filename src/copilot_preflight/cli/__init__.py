"""The command line: one module for each command, loaded when it is used.

Knows: options, exit statuses, the terminal.
Does not know: how anything is decided.
"""
