"""Who is looking, and what they may see. Applied on the server in every call of ``data``, never by hiding."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app

from warehouse.errors import Defect, UserError

VIEWER = "HSSK_VIEWER"
ROLES = ("viewer", "analyst", "epidemiologist", "steward", "admin")


@dataclass(frozen=True)
class Viewer:
    """A role and the districts it is scoped to; None is the whole city. City totals are seen by every scope."""

    role: str = "viewer"
    districts: frozenset[str] | None = None

    def __post_init__(self) -> None:
        if self.role not in ROLES:
            raise Defect(f"role {self.role!r} is not one of {', '.join(ROLES)}")

    def sees(self, district: str) -> bool:
        return self.districts is None or district in self.districts

    def require_health_numbers(self) -> None:
        """Raises UserError for a role that administers and sees no health numbers by itself."""
        if self.role == "admin":
            raise UserError("this role administers and sees no health numbers", field="role", value=self.role)

    @property
    def scope(self) -> tuple[str, ...] | None:
        """The districts in a fixed order, as part of a cache key."""
        return None if self.districts is None else tuple(sorted(self.districts))


def current_viewer() -> Viewer:
    """The viewer of this request. Without configured users the server listens on this machine only, and whoever
    sits at it sees protected numbers of the whole city.
    """
    viewer = current_app.config.get(VIEWER, Viewer())
    if not isinstance(viewer, Viewer):
        raise Defect("the configured viewer is not a Viewer")
    return viewer
