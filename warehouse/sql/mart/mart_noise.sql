-- Grain: people counted (1, 2, 3 = three or more) x cell key. Units: noise is added to the count. Sources: rule_noise.
-- Surprises: secret like the key columns: whoever has it can take the noise off again. Only the disclosure gate reads it.
select people, cell_key, noise from rule_noise order by people, cell_key
