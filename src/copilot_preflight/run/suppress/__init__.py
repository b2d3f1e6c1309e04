"""What a user has chosen not to see: comments, metadata, the baseline, and what is unused."""
