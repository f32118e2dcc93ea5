-- Who is at work: apps, workers, command lines. One that has not been seen for a while has died.
CREATE TABLE IF NOT EXISTS team_members (
    id text PRIMARY KEY,
    kind text NOT NULL,
    host text NOT NULL,
    pid integer NOT NULL,
    since timestamptz NOT NULL DEFAULT clock_timestamp(),
    seen_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
-- The pace of each account, by the database's clock.
CREATE TABLE IF NOT EXISTS team_paces (account text PRIMARY KEY, state text NOT NULL);
-- Order ids that somebody is asking right now.
CREATE TABLE IF NOT EXISTS team_asked (
    account text NOT NULL,
    order_id text NOT NULL,
    member text NOT NULL,
    PRIMARY KEY (account, order_id)
);
-- Who leads a job, and in which run through its ids; slices of another run are of no use any more.
CREATE TABLE IF NOT EXISTS team_conductors (job_id text PRIMARY KEY, member text NOT NULL, run text);
-- Slices that have ended, until their conductor has heard of it; `error` is JSON, empty when all went well.
CREATE TABLE IF NOT EXISTS team_slice_ends (
    run text NOT NULL,
    slice integer NOT NULL,
    error text NOT NULL,
    ended_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (run, slice)
);
