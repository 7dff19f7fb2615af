-- Grain: one row per distinct name of a drug that has no ATC code with it.
select distinct name
from (
    select unnest([drug.text] || coalesce(list_transform(drug.coding, lambda c: c.display), [])) as name
    from fhir_supply
    where fhir_atc(drug.coding, $atc) is null
)
where fhir_text(name) is not null
