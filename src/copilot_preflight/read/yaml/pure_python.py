"""PyYAML's own parser under the interface of libyaml's, for a PyYAML built without libyaml."""

from __future__ import annotations

from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner


class EventParser(Reader, Scanner, Parser):
    """Gives the events that ``yaml._yaml.CParser`` gives, more than ten times slower."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
