"""Status: whether this installation is well, how it is set, and who did what. For those who run it."""

from __future__ import annotations

from nxcc.access import May
from nxcc.desk import Desk
from nxcc.ui import (
    panels,
    shell,
    sign_in,
    status_audit,
    status_checks,
    status_figures,
    status_schedules,
    status_settings,
    team_notes,
    zone,
)


def render() -> None:
    """The page."""
    desk = shell.header("Status")
    if desk is None:
        return
    if not sign_in.may(May.ADMINISTER):
        panels.not_for(May.ADMINISTER, "The sidebar says what answers and whether jobs run.", key="status_not_for")
        return
    status_figures.draw()
    status_checks.draw(desk)
    team_notes.of_status(desk)
    status_schedules.draw(desk)
    status_settings.draw(desk)
    _audit(desk)


def _audit(desk: Desk) -> None:
    if desk.audit:
        status_audit.draw(desk.audit, zone.current())


if __name__ == "__main__":
    import app

    app.main()
