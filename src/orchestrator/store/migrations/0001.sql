-- One environment. Times are milliseconds since the Unix epoch. A step costs its row, its execution's row and three index entries: what is
-- long and repeated (targets, sessions) is kept once and referred to, and indexes over what is under way hold nothing that has ended.

CREATE TABLE environment (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  epoch INTEGER NOT NULL, -- starts of the orchestrator
  state INTEGER NOT NULL, -- 0 active, 1 paused, 2 archived
  is_clean INTEGER NOT NULL -- 1 while it was closed in order and not opened since
) STRICT;

INSERT INTO environment (id, epoch, state, is_clean) VALUES (1, 0, 0, 1);

-- The latest registration of each repository; `targets` is the JSON of its definitions, as declared.
CREATE TABLE repositories (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  version TEXT NOT NULL,
  targets TEXT NOT NULL
) STRICT;

-- Never deleted: steps refer to them. One that its repository no longer has is not registered, and keeps its last definition.
CREATE TABLE targets (
  id INTEGER PRIMARY KEY,
  path TEXT NOT NULL UNIQUE,
  repository INTEGER NOT NULL REFERENCES repositories,
  type INTEGER NOT NULL, -- 0 workflow, 1 task, 2 sensor
  arguments_limit INTEGER, -- null: any number
  options TEXT, -- JSON of TargetOptions, only what is set
  is_registered INTEGER NOT NULL
) STRICT;

CREATE INDEX targets_by_repository ON targets (repository);

CREATE TABLE sessions (
  id INTEGER PRIMARY KEY,
  external_id TEXT NOT NULL UNIQUE,
  secret_hash TEXT NOT NULL, -- SHA-256, hex
  pid INTEGER NOT NULL,
  host TEXT NOT NULL,
  version TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  ended_at INTEGER,
  last_sequence INTEGER NOT NULL, -- the last frame that is committed
  is_connected INTEGER NOT NULL,
  is_draining INTEGER NOT NULL,
  concurrency INTEGER NOT NULL, -- 0 until declared
  provides TEXT NOT NULL -- JSON
) STRICT;

CREATE INDEX sessions_live ON sessions (id) WHERE ended_at IS NULL;

-- What the live sessions host.
CREATE TABLE session_targets (
  target INTEGER NOT NULL REFERENCES targets,
  session INTEGER NOT NULL REFERENCES sessions,
  PRIMARY KEY (target, session)
) STRICT, WITHOUT ROWID;

CREATE INDEX session_targets_by_session ON session_targets (session);

-- `status` is the position in `runStatuses` (protocol/views.ts): 0 queued, 1 running, 2 succeeded, then the other ends.
CREATE TABLE runs (
  id INTEGER PRIMARY KEY,
  external_id TEXT NOT NULL UNIQUE,
  target INTEGER NOT NULL REFERENCES targets,
  status INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  completed_at INTEGER,
  parent INTEGER REFERENCES executions, -- the execution that became this run (its status is `spawned`)
  depth INTEGER NOT NULL, -- 0 for a run from outside
  idempotency_key TEXT
) STRICT;

CREATE UNIQUE INDEX runs_by_idempotency_key ON runs (idempotency_key) WHERE idempotency_key IS NOT NULL;
-- The newest run by status or target. Most runs have succeeded: those are found in the order of the table.
CREATE INDEX runs_by_status ON runs (status) WHERE status <> 2;
CREATE INDEX runs_by_target ON runs (target);

CREATE TABLE steps (
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES runs,
  number INTEGER NOT NULL, -- from 1; 1 is the root
  target INTEGER NOT NULL REFERENCES targets,
  parent INTEGER REFERENCES executions, -- the caller; null for the root
  request INTEGER, -- the caller's number of the call
  arguments TEXT NOT NULL, -- JSON list of packed values (protocol/values.ts)
  options TEXT -- JSON of what the caller overrides (TargetOptions)
) STRICT;

CREATE UNIQUE INDEX steps_by_run ON steps (run, number);
-- Finds the step of a repeated call, and the children of an execution in the order of the calls.
CREATE UNIQUE INDEX steps_by_caller ON steps (parent, request) WHERE parent IS NOT NULL;

-- `status` is the position in `executionStatuses` (protocol/views.ts): 0 queued, 1 assigned, 2 succeeded, then the other ends.
-- A queued execution is ready when its time has come; until then it is scheduled.
CREATE TABLE executions (
  id INTEGER PRIMARY KEY,
  step INTEGER NOT NULL REFERENCES steps,
  attempt INTEGER NOT NULL, -- from 1
  status INTEGER NOT NULL,
  is_ready INTEGER NOT NULL,
  target INTEGER NOT NULL REFERENCES targets,
  priority INTEGER NOT NULL,
  session INTEGER REFERENCES sessions,
  slot INTEGER NOT NULL, -- of its session: 0 none, 1 held, 2 yielded while it waits, 3 held by code that runs on after its outcome
  created_at INTEGER NOT NULL,
  due_at INTEGER NOT NULL, -- created_at, or later
  assigned_at INTEGER,
  expires_at INTEGER, -- when the server stands in for an agent that does not enforce the timeout
  completed_at INTEGER,
  successor INTEGER REFERENCES executions, -- the retry, or the root of the run it became
  result TEXT, -- succeeded: the value's text; failed: JSON of the error; abandoned: the reason
  result_links TEXT -- JSON of the value's blob and references, if it has any
) STRICT;

CREATE UNIQUE INDEX executions_by_step ON executions (step, attempt);
CREATE INDEX executions_ready ON executions (target, priority DESC, due_at) WHERE status = 0 AND is_ready = 1;
CREATE INDEX executions_scheduled ON executions (due_at) WHERE status = 0 AND is_ready = 0;
CREATE INDEX executions_in_slots ON executions (session, slot) WHERE slot > 0;
CREATE INDEX executions_expiring ON executions (expires_at) WHERE expires_at IS NOT NULL;

-- Unanswered awaits. `asked` is what the caller named, `awaited` the present end of its chain of retries and spawned runs.
CREATE TABLE waits (
  caller INTEGER NOT NULL REFERENCES executions,
  request INTEGER NOT NULL,
  asked INTEGER NOT NULL REFERENCES executions,
  awaited INTEGER NOT NULL REFERENCES executions,
  PRIMARY KEY (caller, request)
) STRICT, WITHOUT ROWID;

CREATE INDEX waits_by_awaited ON waits (awaited);

-- Which executions an execution has ever asked for, and in which request first.
CREATE TABLE dependencies (
  execution INTEGER NOT NULL REFERENCES executions,
  awaited INTEGER NOT NULL REFERENCES executions,
  request INTEGER NOT NULL,
  PRIMARY KEY (execution, awaited)
) STRICT, WITHOUT ROWID;

-- What was reported after the outcome was decided.
CREATE TABLE ignored_outcomes (
  execution INTEGER NOT NULL REFERENCES executions,
  status INTEGER NOT NULL,
  reported_at INTEGER NOT NULL,
  PRIMARY KEY (execution, status)
) STRICT, WITHOUT ROWID;

-- In the order of arrival; `sequence` counts from 1 for each execution.
CREATE TABLE logs (
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES runs,
  execution INTEGER NOT NULL REFERENCES executions,
  sequence INTEGER NOT NULL,
  logged_at INTEGER NOT NULL,
  level INTEGER NOT NULL, -- position in `logLevels` (protocol/agent-messages.ts)
  template TEXT NOT NULL,
  template_values TEXT -- JSON object
) STRICT;

CREATE UNIQUE INDEX logs_by_execution ON logs (execution, sequence);
CREATE INDEX logs_by_run ON logs (run);
