-- What routing remembers of an agent: who was asked last, and how busy everybody was.
-- What they hold is read off the interactions, the one truth of it.

ALTER TABLE agent DROP COLUMN busy;
ALTER TABLE agent ADD COLUMN offered_at timestamptz;
ALTER TABLE agent ADD COLUMN busy_s double precision NOT NULL DEFAULT 0;
ALTER TABLE agent ADD COLUMN busy_at timestamptz;
ALTER TABLE agent ADD COLUMN unanswered integer NOT NULL DEFAULT 0;
ALTER TABLE agent ADD COLUMN back_at timestamptz;
COMMENT ON COLUMN agent.offered_at IS 'When they were last offered anything.';
COMMENT ON COLUMN agent.unanswered IS 'How many offers in a row they let ring.';
COMMENT ON COLUMN agent.back_at IS 'When they are ready again by themselves, having let one ring.';
COMMENT ON COLUMN agent.busy_s IS 'Seconds of work not forgotten yet (by an exponential forgetting of one hour), as of busy_at.';
