"""Sentences that several rules share: denials, secrets, images and logs, grants to write."""
