"""What rules are made of: the analysis that answers their questions, and shared sentences.

Knows: the decided calls of one template.
Does not know: which rules there are, files, formats.
"""
