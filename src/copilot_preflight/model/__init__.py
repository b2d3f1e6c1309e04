"""The resources that decide access, as frozen dataclasses named in AWS's words."""
