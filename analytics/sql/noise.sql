-- Noise of the disclosure gate by people counted (3 = three or more) and cell key.
select people, cell_key, noise from mart_noise order by people, cell_key
