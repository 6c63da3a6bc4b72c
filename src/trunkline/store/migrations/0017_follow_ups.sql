-- Follow-ups, and what customers have consented to.

ALTER TABLE interaction ADD COLUMN follows jsonb;
COMMENT ON COLUMN interaction.follows IS 'Of what it is a follow-up: of, flow, due_at, promised_at, queue, agent, consent, at_most_every (seconds).';
ALTER TABLE interaction DROP CONSTRAINT interaction_outcome_check;
ALTER TABLE interaction ADD CONSTRAINT interaction_outcome_check CHECK (outcome IN (
    'handled', 'abandoned', 'ended_in_flow', 'voicemail', 'fallback', 'transferred', 'callback_planned', 'not_reached',
    'not_asked'
)) NOT VALID;
CREATE INDEX interaction_follow_ups ON interaction (address, dialled, arrived_at) WHERE follows IS NOT NULL;

CREATE TABLE consent (
    medium  text NOT NULL,
    address text NOT NULL,
    purpose text NOT NULL,
    given   boolean NOT NULL,
    at      timestamptz NOT NULL,
    how     text NOT NULL,
    PRIMARY KEY (medium, address, purpose)
);
COMMENT ON TABLE consent IS 'What customers have consented to be written about, or have not any more. An opt-out goes before all of it.';
