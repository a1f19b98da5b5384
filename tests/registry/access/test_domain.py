"""Keys, memberships and roles as pure rules."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.registry.access.domain import (
    KEY_PREFIX,
    Membership,
    hash_secret,
    new_api_key,
    secret_matches,
    split_api_key,
    usable,
)
from services.registry.access.roles import GRANTABLE, ROLES, scopes_of


def test_a_new_key_splits_into_what_was_kept():
    key, prefix, kept = new_api_key()
    split = split_api_key(key)
    assert split is not None
    assert split[0] == prefix
    assert secret_matches(split[1], kept)
    assert split[1].encode() not in kept
    assert new_api_key()[0] != key


@given(st.text(max_size=60))
def test_what_is_no_key_is_none(text):
    split = split_api_key(text)
    assert split is None or text.startswith(f"{KEY_PREFIX}_")


@given(st.text(), st.text())
def test_only_the_same_secret_matches(one, other):
    assert secret_matches(one, hash_secret(other)) == (one == other)


@given(st.dates(), st.none() | st.dates(), st.dates())
def test_a_membership_holds_from_its_first_day_to_before_its_last(start, end, day):
    assert Membership("donor", start, end).holds(day) == (start <= day and (end is None or day < end))


def test_a_credential_is_usable_until_it_expires_or_is_revoked():
    now = datetime(2026, 11, 23, tzinfo=UTC)
    assert usable(None, None, now)
    assert usable(None, now + timedelta(seconds=1), now)
    assert not usable(None, now, now)
    assert not usable(now - timedelta(days=1), None, now)


def test_no_role_outside_the_platform_may_give_what_only_the_platform_gives():
    reserved = {
        "registry:organisations:write",
        "registry:territories:write",
        "registry:calendar:write",
        "events:internal",
    }
    for role in set(ROLES) - (ROLES.keys() - set().union(*GRANTABLE.values())):
        assert not reserved & set(scopes_of([role])), role
