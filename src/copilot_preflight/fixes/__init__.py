"""Fixes of a whole run: which are carried out, proved by a check in memory before any is written.

Knows: rounds of edits that do not touch each other, what a second check says, files on the disk.
Does not know: what a rule finds wrong, the command line.
"""
