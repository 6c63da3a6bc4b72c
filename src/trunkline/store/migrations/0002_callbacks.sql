-- Callbacks, transfers, and the place that a caller keeps while asking for one.

ALTER TABLE interaction DROP CONSTRAINT interaction_work_check;
ALTER TABLE interaction ADD CONSTRAINT interaction_work_check CHECK (work IN ('call', 'voicemail', 'callback'));

ALTER TABLE interaction DROP CONSTRAINT interaction_stage_check;
ALTER TABLE interaction ADD CONSTRAINT interaction_stage_check
    CHECK (stage IN ('scheduled', 'in_flow', 'waiting', 'offered', 'talking', 'wrap_up', 'ended'));

ALTER TABLE interaction DROP CONSTRAINT interaction_outcome_check;
ALTER TABLE interaction ADD CONSTRAINT interaction_outcome_check CHECK (outcome IN (
    'handled', 'abandoned', 'ended_in_flow', 'voicemail', 'fallback', 'transferred', 'callback_planned', 'not_reached'
));

ALTER TABLE interaction ADD COLUMN offer_answered_at timestamptz;
ALTER TABLE interaction ADD COLUMN callback jsonb;
ALTER TABLE interaction ADD COLUMN place jsonb;
ALTER TABLE interaction ADD CHECK ((work = 'callback') = (callback IS NOT NULL));
COMMENT ON COLUMN interaction.offer_answered_at IS 'When the agent answered a callback, and the customer''s phone began to ring.';
COMMENT ON COLUMN interaction.callback IS 'Whom to call back: number, due_at (null: when the place comes up), tries.';
COMMENT ON COLUMN interaction.place IS 'The place in a queue that a caller left to ask for a callback: queue, since, and the rest of an entry.';
