"""The picture: who makes which call with which role, and what decides it, as HTML, SVG and text

Knows: the decided calls of one template, how they are drawn.
Does not know: how a run is done, files on the disk, the command line.
"""
