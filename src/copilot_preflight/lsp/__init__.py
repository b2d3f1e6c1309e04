"""The language server: what the engine knows, at the cursor of an editor.

Knows: documents that are being edited, hovers, lenses, diagnostics, code actions.
Does not know: the command line.
"""
