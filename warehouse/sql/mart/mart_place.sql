-- Grain: place atom: old ward x unit of July 2025. Sources: rule_place.
-- Surprises: ward null = ward unknown (the unit is then drawn); unit null too = the district as a whole, in mart_frame only; all
-- null = unallocated, in the city total only. is_unit_apportioned: its people's unit was drawn, not stated (a ward that was
-- split, or only the district known); is_ward_apportioned: only the unit was stated, ward and district were drawn. So the
-- same ward and unit can be two atoms.
select place_id, ward_code, district_code, unit_code, is_unit_apportioned, is_ward_apportioned
from rule_place
order by place_id
