-- grain: lower edge of an age band, ascending. Sources: rule_age_band. Surprises: -1 is the unknown age, left out.
select distinct age_from from rule_age_band where age_from >= 0 order by age_from
