-- Grain: place atom. Sources: rule_place. Surprises: ward null = ward unknown; both null = unallocated, in the city total only.
select place_id, ward_code, district_code from rule_place order by place_id
