"""The rules, one file and one page each. RULES is the only list, in catalogue order."""

from __future__ import annotations

from typing import Final

from copilot_preflight.rule import Rule
from copilot_preflight_rules.access_undetermined import access_undetermined
from copilot_preflight_rules.bucket_action_on_object_arn import bucket_action_on_object_arn
from copilot_preflight_rules.env_file_arn_invalid import env_file_arn_invalid
from copilot_preflight_rules.env_file_bucket_denied import env_file_bucket_denied
from copilot_preflight_rules.env_file_decrypt_denied import env_file_decrypt_denied
from copilot_preflight_rules.env_file_denied import env_file_denied
from copilot_preflight_rules.env_file_expires import env_file_expires
from copilot_preflight_rules.env_file_not_packaged import env_file_not_packaged
from copilot_preflight_rules.env_file_outdated import env_file_outdated
from copilot_preflight_rules.env_file_stale_grant import env_file_stale_grant
from copilot_preflight_rules.env_file_unsupported import env_file_unsupported
from copilot_preflight_rules.env_file_version_locked import env_file_version_locked
from copilot_preflight_rules.execution_role_missing import execution_role_missing
from copilot_preflight_rules.grant_on_wrong_role import grant_on_wrong_role
from copilot_preflight_rules.grant_too_broad import grant_too_broad
from copilot_preflight_rules.half_granted_pair import half_granted_pair
from copilot_preflight_rules.object_action_on_bucket_arn import object_action_on_bucket_arn
from copilot_preflight_rules.role_not_assumable import role_not_assumable

RULES: Final[tuple[Rule, ...]] = (
    env_file_denied,
    env_file_stale_grant,
    env_file_version_locked,
    env_file_bucket_denied,
    env_file_decrypt_denied,
    env_file_arn_invalid,
    env_file_unsupported,
    env_file_not_packaged,
    env_file_outdated,
    env_file_expires,
    execution_role_missing,
    role_not_assumable,
    grant_on_wrong_role,
    object_action_on_bucket_arn,
    bucket_action_on_object_arn,
    half_granted_pair,
    grant_too_broad,
    access_undetermined,
)
