/** Schedules, and which of their runs are under way. */
export const schemaSchedules = `
-- What starts runs by the clock. A row is all there is of a schedule: runs say in their history which one started them.
CREATE TABLE spanwise_schedules (
  seq        INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used twice: runs that wait for each other name it
  tenant     TEXT NOT NULL,
  id         TEXT NOT NULL,     -- (content) the user's
  workflow   TEXT NOT NULL,
  timing     TEXT NOT NULL,     -- codec text: cron and zone, interval or time; jitter, limits
  overlap    INTEGER NOT NULL,  -- codes.ts
  catch_up   INTEGER NOT NULL,  -- missed due times that are made up for
  start      TEXT NOT NULL,     -- (content) codec text: input and options of every run
  subject    TEXT,              -- token: erasing the subject removes the schedule
  revision   INTEGER NOT NULL,  -- counts changes: a firing that was planned for an older one is refused
  paused_at  INTEGER,
  paused_why TEXT,              -- (content) as the operator said
  next_due   INTEGER,           -- ms; the due time that is acted on next
  wake_at    INTEGER,           -- when it is acted on; NULL: paused, or nothing to come
  last_due   INTEGER,
  last_run   TEXT,
  started    INTEGER NOT NULL,
  skipped    INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  UNIQUE (tenant, id)
) STRICT;
CREATE INDEX spanwise_schedules_wake ON spanwise_schedules (wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX spanwise_schedules_subject ON spanwise_schedules (subject) WHERE subject IS NOT NULL;

-- Runs of schedules that have not ended: what overlap is judged by. A row goes with the end of its run.
CREATE TABLE spanwise_schedule_runs (
  run_seq  INTEGER PRIMARY KEY,
  schedule INTEGER NOT NULL,  -- may be gone
  lane     INTEGER NOT NULL,  -- 0: due times, 1: backfills
  held     INTEGER NOT NULL   -- 1: begins when those before it have ended
) STRICT;
CREATE INDEX spanwise_schedule_runs_open ON spanwise_schedule_runs (schedule, lane, held);
`
