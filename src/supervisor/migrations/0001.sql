CREATE TABLE projects (
  name       TEXT PRIMARY KEY,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE environments (
  id           INTEGER PRIMARY KEY AUTOINCREMENT, -- Never used again: it names the socket of the environment.
  project      TEXT NOT NULL REFERENCES projects (name),
  name         TEXT NOT NULL,
  base         TEXT, -- Name of another environment of the project.
  is_archived  INTEGER NOT NULL DEFAULT 0,
  is_paused    INTEGER NOT NULL DEFAULT 0, -- As its orchestrator said last.
  is_wanted    INTEGER NOT NULL DEFAULT 0, -- Its orchestrator was not idle: a new start of the server starts it again.
  next_wake_at INTEGER, -- When its orchestrator has something to do again.
  created_at   INTEGER NOT NULL,
  UNIQUE (project, name),
  FOREIGN KEY (project, base) REFERENCES environments (project, name)
) STRICT;

-- What the command line uses when it is told nothing else.
INSERT INTO projects (name, created_at) VALUES ('default', CAST(unixepoch('subsec') * 1000 AS INTEGER));
INSERT INTO environments (project, name, created_at)
VALUES ('default', 'development', CAST(unixepoch('subsec') * 1000 AS INTEGER));
