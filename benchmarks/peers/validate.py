"""cloudformation-validate is a library: this is the shortest command that could be made of it.

Run by the Python of its own environment, over the files that are named.
"""

import sys

from cloudformation_validate import CompositeEngine

engine = CompositeEngine()
for path in sys.argv[1:]:
    for found in engine.validate_template(path).diagnostics:
        print(f"{path}: {found.severity.name} {found.rule_id}: {found.message}")
