-- grain: ward and its district, of the places of a build. Sources: mart_place. Surprises: none.
select ward_code, district_code from mart_place where ward_code is not null order by ward_code
