-- What was decided at once for more rows than one turn may change. Every batch goes on with it before it hands anything out (sweep.ts).
CREATE TABLE sweeps (
  kind INTEGER NOT NULL, -- 0: cancels what the execution `subject` called; 1: cancels everything; 2: gives up what the session `subject` held
  subject INTEGER NOT NULL,
  position INTEGER NOT NULL, -- of kind 0: the last call that is done with
  PRIMARY KEY (kind, subject)
) STRICT, WITHOUT ROWID;
