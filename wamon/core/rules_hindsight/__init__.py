"""The rules of the weekly reclassification: judged again, with evidence that came later. Order is the policy.

A rule fires only when all its conditions hold and nothing speaks against it; missing evidence never turns
anything. Each reads one look that was not good, its episode and what is known around it. A person's ruling
(`declared`) comes before all of them: looks that a person ruled on are not judged again.
"""

from wamon.core.rules_hindsight.burst import limit_not_ours, meta_posted_it, mixed_burst, no_new_evidence
from wamon.core.rules_hindsight.case import Rule
from wamon.core.rules_hindsight.messages import delivered_wins, endpoint_was_down
from wamon.core.rules_hindsight.network import controls_failed, everywhere_but_there
from wamon.core.rules_hindsight.number import only_us
from wamon.core.rules_hindsight.request import cured_by_a_change, same_request_accepted
from wamon.core.rules_hindsight.token import permission, same_token_valid, token_was_invalid

HINDSIGHT: tuple[Rule, ...] = (
    same_token_valid,
    permission,
    token_was_invalid,
    same_request_accepted,
    cured_by_a_change,
    only_us,
    mixed_burst,
    limit_not_ours,
    controls_failed,
    everywhere_but_there,
    endpoint_was_down,
    delivered_wins,
    meta_posted_it,
    no_new_evidence,
)
