-- grain:     source x kind of number x fault
-- units:     numbers, as rows of registers have them
-- sources:   mart_number_fault
-- surprises: a fault that no number has is there with nought; a number can have several
select source, number, fault, flag, is_unusable, name_vi, name_en, written, found
from mart_number_fault
order by number, flag, source
