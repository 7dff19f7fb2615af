"""The thirty indicators of the plan, one TOML file each; read by ``analytics.plan_indicator``."""
