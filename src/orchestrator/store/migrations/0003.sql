-- What is shown of a target: JSON of its definition, as it was declared last. Repositories kept the definitions of their latest registration
-- alone, but agents may host targets that it no longer has.
ALTER TABLE targets ADD COLUMN definition TEXT;

UPDATE targets SET definition = (
  SELECT json(entry.value) FROM repositories, json_each(repositories.targets) AS entry
  WHERE repositories.id = targets.repository AND repositories.name || '/' || json_extract(entry.value, '$.name') = targets.path
);

