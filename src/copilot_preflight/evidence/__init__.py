"""What the account has: answers of AWS in files, recognised by their shape.

Knows: the answers of AWS's read-only calls, whom each is about, which lists are complete, their age
Does not know: templates, who makes which call, how policies are evaluated.
"""
