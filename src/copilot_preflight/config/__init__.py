"""The configuration file and how it becomes a run's options.

Knows: settings, their schema, which setting wins.
Does not know: the command line's own options.
"""
