"""A real OpenID Connect provider on this machine, with made-up people, for tests of the sign-in.

Ours, because what tests need is what ready ones leave out: a lifetime for each person's token, a code challenge that is
insisted on, a secret that is checked, and tokens that are wrong on purpose (another issuer, another key).
"""

from tests.oidc.people import PEOPLE, Person
from tests.oidc.provider import Provider

__all__ = ["PEOPLE", "Person", "Provider"]
