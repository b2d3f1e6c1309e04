"""An update from one release to the next: who starts tasks of which revision, and when.

Knows: the phases of an update, what the calls of one release meet under the
policies of another.
Does not know: findings, files, version control.
"""
