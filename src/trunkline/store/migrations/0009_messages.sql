-- What people and flows write to each other.

CREATE TABLE message (
    id             uuid PRIMARY KEY,
    interaction_id uuid NOT NULL REFERENCES interaction ON DELETE CASCADE,
    at             timestamptz NOT NULL,
    side           text NOT NULL CHECK (side IN ('customer', 'flow', 'agent')),
    text           text NOT NULL,
    agent_id       text,
    choices        jsonb,
    keyboard       text,
    hidden         boolean NOT NULL,
    seq            bigint GENERATED ALWAYS AS IDENTITY
);
CREATE INDEX message_of_interaction ON message (interaction_id, seq);
COMMENT ON TABLE message IS 'One message of a text interaction. The id comes from the channel''s own name of it: a second delivery is the same row.';
COMMENT ON COLUMN message.seq IS 'The order in which messages were taken, where their times are alike.';
COMMENT ON COLUMN message.hidden IS 'The answer to a secret question: that it was given is kept, and not what it was.';

CREATE INDEX interaction_of_address ON interaction (dialled, address, arrived_at) WHERE medium <> 'voice';
COMMENT ON INDEX interaction_of_address IS 'What was written before on a channel, by one address.';
