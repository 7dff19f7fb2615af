"""The measures that can be asked for, one TOML file each: names, counts, unit, sources, caveats."""
