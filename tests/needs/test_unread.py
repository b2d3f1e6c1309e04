"""What no source reads is said, never passed over as if it were in order."""

from __future__ import annotations

from pathlib import Path

import pytest

from copilot_preflight.needs.registry import SOURCES
from copilot_preflight.needs.unread import UNREAD
from copilot_preflight.read.document import WATCHED
from copilot_preflight.render.text import summary
from copilot_preflight.run import check
from copilot_preflight.run.options import Options

IN_PART = "AWS::Batch::JobDefinition"


@pytest.mark.parametrize("kind", UNREAD)
def test_a_resource_that_nobody_reads(tmp_path: Path, kind: str) -> None:
    """It is counted in the summary, and a remark says what to look at."""
    template = tmp_path / "t.yml"
    template.write_text(f"Resources: {{One: {{Type: {kind}}}, Two: {{Type: {kind}}}}}")
    report = check.check([str(template)], Options(info=True))
    assert summary(report) == f"no calls to prove; 2 info in 1 file; not judged: 2 {kind}"
    assert {finding.cause for finding in report.findings} == {"not-judged"}
    why = f"as {kind} is not read" if kind != IN_PART else "as its jobs need not run on Fargate"
    assert all(why in finding.message for finding in report.findings)
    assert "not judged" in summary(check.check([str(template)]))


def test_what_a_source_reads_is_not_among_them() -> None:
    """A source for such a type takes it off the list, unless it reads only some of them."""
    assert {kind for source in SOURCES for kind in source.kinds} & set(UNREAD) == {IN_PART}


def test_what_is_asked_of_all_templates_is_watched() -> None:
    """A template that is packed says of these words alone whether it has them."""
    elsewhere = [source for source in SOURCES if source.elsewhere]
    assert elsewhere
    for source in elsewhere:
        assert set(source.keys) <= set(WATCHED), source.name
