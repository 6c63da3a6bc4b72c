-- What agents have written and not sent.

CREATE TABLE draft (
    interaction_id uuid PRIMARY KEY REFERENCES interaction ON DELETE CASCADE,
    agent_id       text NOT NULL,
    at             timestamptz NOT NULL,
    version        bigint NOT NULL,
    text           text NOT NULL,
    details        jsonb
);
COMMENT ON TABLE draft IS 'The one draft of an interaction that has not ended. What was sent leaves an empty one, so that no late one brings it back.';
COMMENT ON COLUMN draft.version IS 'Counted by the desks: the higher one holds.';
COMMENT ON COLUMN draft.details IS 'What a mail has beside its words, and the replies that were chosen.';
