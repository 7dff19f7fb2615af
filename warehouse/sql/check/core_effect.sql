-- Grain: check x measure that holds of somebody it touches, with or without the rows it found, on the last day of the newest
-- quarter. Units: people; people_without: those not judged again and, judged again without those rows, the others.
-- Sources: core_touched, core_without.
-- Slices: people.
select
    check_id,
    measure_id,
    coalesce(t.people, 0) as people,
    coalesce(t.people - t.people_again, 0) + coalesce(w.people, 0) as people_without
from core_touched t
full join core_without w using (check_id, measure_id)
