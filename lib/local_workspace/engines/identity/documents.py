"""What is stored of users and service principals."""

from typing import Literal, TypedDict

type Kind = Literal["Users", "ServicePrincipals"]
"""What a principal is, as SCIM's paths name it."""


class OAuthSecret(TypedDict):
    """A secret of a service principal; of the secret itself only a hash is kept."""

    id: str
    hash: str
    scopes: list[str]
    create_time: str
    expires: int  # seconds since 1970


class Settings(TypedDict):
    """What a client says about a user or service principal."""

    display_name: str
    given_name: str
    family_name: str
    external_id: str
    active: bool
    admin: bool
    entitlements: list[str]


NOTHING_SAID: Settings = {
    "display_name": "",
    "given_name": "",
    "family_name": "",
    "external_id": "",
    "active": True,
    "admin": False,
    "entitlements": [],
}
"""The settings of a principal of whom nothing is said."""


class Principal(Settings):
    """A user or service principal. `name` is its user name or its application id."""

    id: str
    kind: Kind
    name: str
    secrets: list[OAuthSecret]
