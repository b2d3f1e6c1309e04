"""Which files belong together: packages, their parameters, addons, manifest and env files.

Knows: what is a template, the names that Copilot gives to files, which files a change affects.
Does not know: what a template means.
"""
