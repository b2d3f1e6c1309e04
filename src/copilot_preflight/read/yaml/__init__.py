"""YAML with positions: tree, scalars, errors, and a parser for where libyaml is absent."""
