"""Settings from the environment (``HSSK_*``) and one TOML file; the environment wins.

The TOML file is ``hssk.toml`` in the working folder, or what ``HSSK_CONFIG`` names.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from warehouse.errors import EXIT_CONFIG, Fault, Faults

CONFIG_VARIABLE = "HSSK_CONFIG"


class Settings(BaseSettings):
    """Everything an installation may set. Secrets are hidden in every printed form."""

    model_config = SettingsConfigDict(env_prefix="HSSK_", extra="forbid", frozen=True)

    home: Path = Field(Path("data"), description="folder of warehouse, builds, linkage store, quarantine")
    key_file: Path | None = Field(None, description="TOML file with the three keys, outside the home folder")
    pseudonym_key: SecretStr | None = Field(None, description="64 hex digits: key of person_key")
    record_key: SecretStr | None = Field(None, description="64 hex digits: key of the disclosure record keys")
    linkage_key: SecretStr | None = Field(None, description="64 hex digits: AES-256 key of the linkage store")
    quarantine_share_limit: float = Field(
        0.20, ge=0, le=1, description="a file with a larger share of refused rows stops the build"
    )
    freeze_days: int = Field(
        45, ge=0, le=366, description="days after its end at which a quarter is frozen for publication"
    )
    memory_limit_gib: float = Field(8.0, gt=0.2, description="memory DuckDB may use before it spills to disk")
    threads: int = Field(0, ge=0, description="threads DuckDB may use; 0 = all cores")
    engine: Literal["duckdb", "spark"] = Field(
        "duckdb", description="what weighs the pairs of linkage and runs the person SQL of a build"
    )
    spark_master: str | None = Field(
        None, description="URL of a Spark cluster; none starts one on this machine"
    )
    spark_folder: Path | None = Field(
        None, description="private folder that the driver and every executor see; none uses the home folder"
    )
    linkage: Literal["none", "exact", "full"] = Field(
        "full", description="how references become people: not at all, by exact keys, also by likeness"
    )
    language: Literal["vi", "en"] = Field("vi", description="language of pages when the URL names none")
    workers: int = Field(2, ge=1, le=64, description="web server processes")
    fault: str | None = Field(
        None, description="name of a fault point at which the process kills itself (tests)"
    )

    @property
    def is_linked(self) -> bool:
        """Whether references become people; else each is taken for one."""
        return self.linkage != "none"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        toml = TomlConfigSettingsSource(settings_cls, Path(os.environ.get(CONFIG_VARIABLE, "hssk.toml")))
        return init_settings, env_settings, toml


def load_settings(home: Path | None = None, **given: object) -> Settings:
    """Read the settings; every faulty value is reported at once.

    ``home`` and whatever else is ``given`` (not None) override what is set, as the options of the command line do.
    """
    named = {name: value for name, value in {"home": home, **given}.items() if value is not None}
    try:
        return Settings(**named)  # type: ignore[arg-type]
    except ValidationError as error:
        raise Faults(
            (
                Fault(
                    message=item["msg"],
                    field=".".join(str(part) for part in item["loc"]),
                    action="Set it in the environment as HSSK_<NAME> or in hssk.toml",
                )
                for item in error.errors()
            ),
            exit_code=EXIT_CONFIG,
        ) from None
