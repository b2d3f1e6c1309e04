"""The language server: what the engine knows, at the cursor of an editor."""
