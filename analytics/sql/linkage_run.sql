-- grain:     one row; none where persons are not linked
-- units:     references, people, numbers
-- sources:   mart_linkage_run
-- surprises: people_twice are those whom registers of residents hold more than once
select refs, people, people_twice, lent from mart_linkage_run
