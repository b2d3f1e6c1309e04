"""The commands, one module for each; a run loads only its own."""
