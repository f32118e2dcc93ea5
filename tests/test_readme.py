"""What the README promises is what the program has."""

from pathlib import Path

import pytest

from nxcc import intake, kpis
from nxcc.export import RESULT_COLUMNS
from nxcc.sandbox import RESERVED, Reserved
from nxcc.settings import Settings

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("reserved", RESERVED, ids=lambda reserved: reserved.name)
def test_readme__has_every_reserved_order_id(reserved: Reserved) -> None:
    assert f"| `{reserved.name}` | {reserved.meaning} |" in README


@pytest.mark.parametrize("name", Settings.model_fields)
def test_readme__has_every_setting_with_its_default(name: str) -> None:
    row = next(line for line in README.splitlines() if line.startswith(f"| `NXCC_{name.upper()}`"))
    default = Settings.model_fields[name].default
    shown = row.split("|")[2].strip().strip("`")
    if name == "data_dir":
        assert shown == default.name
    elif name == "timezone":
        assert shown == "the browser's"
    else:
        assert shown == ("" if default in (None, ()) else str(int(default) if isinstance(default, bool) else default))


@pytest.mark.parametrize("code", intake.PROBLEMS)
def test_readme__has_every_problem_code_with_its_effect(code: str) -> None:
    shown = "duplicate_of_row_N" if code == "duplicate_of_row" else code
    row = next(line for line in README.splitlines() if line.startswith(f"| `{shown}` |"))
    effect, _ = intake.explain(code)
    assert row.split("|")[2].strip().lower().startswith(effect.lower())


def test_readme__has_the_columns_that_a_job_adds() -> None:
    assert ", ".join(f"`{name}`" for name in RESULT_COLUMNS) in README


@pytest.mark.parametrize("definition", kpis.DEFINITIONS.values(), ids=lambda definition: definition.name)
def test_readme__has_every_figure_as_it_is_computed(definition: kpis.Definition) -> None:
    formula = definition.formula(*(Settings.model_fields[name].default for name in ("short_talk_s", "service_level_s")))
    assert f"| {definition.label} | {formula} |" in README
