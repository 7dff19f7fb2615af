-- Grain: one row of the register whose ward lies in another district than it states (or in none that is known): the
-- district counts. Units: -. Sources: raw_resident, rule_place.
select r.person_key, r.person_key as subject_key, null as row_key
from raw_resident r
left join (select distinct ward_code, district_code from rule_place where ward_code is not null) w
    on w.ward_code = r.ward_code
where r.ward_code is not null and r.district_code is not null and w.district_code is distinct from r.district_code
