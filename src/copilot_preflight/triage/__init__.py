"""From error texts to what failed, and to its causes in the templates at hand.

Knows: the grammar of AWS's messages, the shapes of the answers and events that hold them, the order
of elimination.
Does not know: how rules judge, the command line.
"""
