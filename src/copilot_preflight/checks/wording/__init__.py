"""Sentences that several rules share: denials, secrets, images and logs, mismatches, grants."""
