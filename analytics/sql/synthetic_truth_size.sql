-- grain:     one row
-- units:     rows of the truth; 0 where none was given
-- sources:   synthetic_truth, beside the estimates
-- surprises: none
select count(*) as rows from synthetic_truth
