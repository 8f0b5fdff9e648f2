-- The attempt that took the place of this one, which was under way when its step was run again: who waits for it goes on waiting for that.
ALTER TABLE executions ADD COLUMN replaced_by INTEGER REFERENCES executions;
