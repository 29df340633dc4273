"""Codes with which a user's programs get tokens: which work, how often and how long."""

import base64
import hashlib

import pytest

from local_workspace.http.authorizations import CODE_SECONDS, Authorization, Authorizations

CLIENT, BACK, VERIFIER = "databricks-cli", "http://localhost:8020", "a verifier"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
ASKED = Authorization("user-7", CLIENT, BACK, CHALLENGE, (), True)


def test_a_code_works_once():
    codes = Authorizations()
    code = codes.new_code(ASKED)
    assert [codes.redeem(code, CLIENT, BACK, VERIFIER) for _ in range(2)] == [ASKED, None]


@pytest.mark.parametrize(
    "shown", [("other", BACK, VERIFIER), (CLIENT, "http://localhost:1", VERIFIER), (CLIENT, BACK, CHALLENGE)]
)
def test_a_code_is_for_one_client_that_can_verify_it(shown):
    codes = Authorizations()
    assert codes.redeem(codes.new_code(ASKED), *shown) is None


def test_codes_expire():
    now = [0.0]
    codes = Authorizations(lambda: now[0])
    early, late = codes.new_code(ASKED), codes.new_code(ASKED)
    now[0] = CODE_SECONDS - 1
    assert codes.redeem(early, CLIENT, BACK, VERIFIER)
    now[0] = CODE_SECONDS
    assert codes.redeem(late, CLIENT, BACK, VERIFIER) is None


def test_the_oldest_of_too_many_codes_ends():
    codes = Authorizations()
    made = [codes.new_code(ASKED) for _ in range(1001)]
    assert codes.redeem(made[0], CLIENT, BACK, VERIFIER) is None and codes.redeem(made[1], CLIENT, BACK, VERIFIER)
