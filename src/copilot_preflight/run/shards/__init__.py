"""One run on several machines: each judges its share, and what they say is joined again."""
