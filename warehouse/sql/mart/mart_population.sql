-- Grain: district x sex x age band x year. Units: people. Sources: rule_population (delivered, else the bundled reference).
select unit_code, sex, age_from, year, people, source
from rule_population
order by year, unit_code, sex, age_from
