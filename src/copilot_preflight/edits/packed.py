"""Helps that are kept packed: a report over thousands of files shows few of them."""

from __future__ import annotations

from copilot_preflight.base.finding import Finding
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.edits.edit import Help
from copilot_preflight.edits.shown import WayOut


class PackedHelp(NamedTuple):
    """A help whose way out was worked out in another process of this run, as a few hundred bytes.

    ``applicability`` is that of its fix, ``""`` where it has none.
    """

    packed: bytes
    applicability: str = ""

    @property
    def help(self) -> Help:
        """The help, which has ``shown``."""
        import pickle  # here: only a run in several processes packs helps
        import zlib

        found = pickle.loads(zlib.decompress(self.packed))
        assert isinstance(found, Help)
        return found

    @property
    def text(self) -> str:
        """The help's own text, as of every remedy."""
        return self.help.text


def packed(finding: Finding, help: Help, way_out: WayOut) -> Finding:
    """The finding with its help packed, and the way out in it."""
    import pickle
    import zlib

    written = pickle.dumps(help._replace(shown=way_out), pickle.HIGHEST_PROTOCOL)
    fix = way_out.fix
    remedy = PackedHelp(zlib.compress(written, 1), "" if fix is None else fix.applicability.value)
    is_said = finding.help == help.text
    return finding._replace(help="" if is_said else finding.help, remedy=remedy)


def unpacked(finding: Finding) -> Finding:
    """The finding as it was before `packed`, but that the way out is worked out already."""
    if not isinstance(finding.remedy, PackedHelp):
        return finding
    help = finding.remedy.help
    return finding._replace(help=finding.help or help.text, remedy=help)
