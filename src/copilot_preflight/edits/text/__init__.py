"""Edits of a document as changes of its text, which leave every other byte as it is."""
