"""The story of a recruitment, told with the client that .ci/generated-clients makes from
openapi.yaml: `python3 story.py URL`. TOKEN is a token of ORG's staff."""

import os
import sys
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, TypeVar

from verv_client import AuthenticatedClient
from verv_client.api.attributions import confirm_recruitment, record_referral_click
from verv_client.api.codes import get_or_create_referral_code
from verv_client.api.conversions import create_referral_conversion, list_referral_conversions
from verv_client.api.reward_promotion import get_user_referral_code, validate_referral_code
from verv_client.api.statistics import get_total_recruitments
from verv_client.models import (
    Attribution,
    Code,
    Confirmation,
    ConfirmedAttribution,
    Conversion,
    ConversionPage,
    CreateReferralConversionResponse409,
    FoundReferralUser,
    InvalidatedReferralCode,
    MentorTotal,
    NewClick,
    NewConversion,
    UserType,
    Validated,
    Validation,
    WantedCode,
)
from verv_client.types import Response

ORG = os.environ.get("ORG", "org_python")
CLIENT = AuthenticatedClient(
    base_url=sys.argv[1], token=os.environ["TOKEN"], raise_on_unexpected_status=True
)
Data = TypeVar("Data")


def answered(status: int, kind: type[Data], answer: Response[Any]) -> Data:
    """What a call answered, which must be a `kind` with `status`."""
    assert answer.status_code == HTTPStatus(status), answer.content
    assert isinstance(answer.parsed, kind), answer.parsed
    return answer.parsed


def equal(found: object, expected: object) -> None:
    assert found == expected, f"{found!r} instead of {expected!r}"


# Get or create: made, then found.
wanted = WantedCode(mentor_id="usr_4491", org_id=ORG, prefix="JAN-VERV")
code = answered(201, Code, get_or_create_referral_code.sync_detailed(client=CLIENT, body=wanted))
again = answered(200, Code, get_or_create_referral_code.sync_detailed(client=CLIENT, body=wanted))
equal(again, code)
assert code.code.startswith("JAN-VERV-")
equal((code.status.value, code.expires_at), ("active", None))

# A click, and the member whom it becomes.
click = answered(
    201,
    Attribution,
    record_referral_click.sync_detailed(
        client=CLIENT, body=NewClick(code=code.code, referrer_url=None)
    ),
)
equal((click.type_.value, click.status.value, click.mentor_id), ("click", "pending", "usr_4491"))
confirmed = answered(
    200,
    ConfirmedAttribution,
    confirm_recruitment.sync_detailed(
        click.id, client=CLIENT, body=Confirmation(code=code.code, new_member_id="usr_5892")
    ),
)
equal(
    (confirmed.id, confirmed.type_, confirmed.status, confirmed.new_member_id),
    (click.id, "conversion", "confirmed", "usr_5892"),
)

# A member who typed the code, a minute later, as the list is in that order; once more is a refusal,
# which says why.
typed = answered(
    201,
    Conversion,
    create_referral_conversion.sync_detailed(
        client=CLIENT,
        body=NewConversion(
            code=code.code.lower().replace("-", " "),
            new_member_id="usr_5893",
            confirmed_at=datetime.now(UTC) + timedelta(minutes=1),
        ),
        idempotency_key="sign-up-usr_5893",
    ),
)
equal(typed.source.value, "typed")
refused = answered(
    409,
    CreateReferralConversionResponse409,
    create_referral_conversion.sync_detailed(
        client=CLIENT, body=NewConversion(click_id=click.id, new_member_id="usr_5893")
    ),
)
equal((refused.status, refused.code.value), (409, "already_confirmed"))

# The numbers.
total = answered(
    200,
    MentorTotal,
    get_total_recruitments.sync_detailed("usr_4491", client=CLIENT, org_id=ORG),
)
equal(
    (total.total_clicks, total.total_conversions, total.conversion_rate, total.period.value),
    (1, 2, 1, "all_time"),
)
page = answered(
    200, ConversionPage, list_referral_conversions.sync_detailed(client=CLIENT, org_id=ORG)
)
equal([conversion.new_member_id for conversion in page.data], ["usr_5893", "usr_5892"])

# The payments company's two calls.
found = answered(
    200,
    FoundReferralUser,
    get_user_referral_code.sync_detailed(client=CLIENT, companyid=ORG, user_id="usr_4491"),
)
equal((found.success, found.error), (1, []))
equal(found.data.referral_user.referral_code, code.code)
equal(found.data.referral_user.max_referral_limit_reach, False)


def validated(user_type: UserType) -> Response[Any]:
    body = Validation(referral_code=code.code, user_type=user_type)
    return validate_referral_code.sync_detailed(client=CLIENT, companyid=ORG, body=body)


valid = answered(200, Validated, validated(UserType.VALUE_2))
equal(valid.data.message, "Reward promotion referal code validate")
invalid = answered(422, InvalidatedReferralCode, validated(UserType.VALUE_3))
equal(
    invalid.to_dict(),
    {
        "success": 0,
        "error": ["REWARD_PROMOTION_REFERRAL_CODE_INVALIDATED"],
        "data": {"reason": "USER_TYPE_MISMATCH"},
    },
)
print("ok      the generated client in Python")
