"""What ``cfn-lint -a rules/`` runs first in a checkout, and where it finds the rule classes.

cfn-lint walks this folder from the top and runs every ``.py`` file by its bare stem, outside any
package. This one stands alone at its level, so it comes before the rules and can put what they
import on the path: the checkout itself, ahead of a copy that may be installed. The rule files that
cfn-lint runs afterwards show it no class, so that each rule is loaded once, from here.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

_RULES = Path(__file__).resolve().parent

sys.path[:0] = [str(_RULES.parent / "src"), str(_RULES)]
globals().update(import_module("copilot_preflight.cfnlint").CLASSES)
