-- Files that people at the other end send, files that live as long as their message, read marks, and transcripts.

ALTER TABLE file ALTER COLUMN agent_id DROP NOT NULL;
ALTER TABLE file ADD COLUMN channel text NOT NULL DEFAULT '';
ALTER TABLE file ADD COLUMN address text NOT NULL DEFAULT '';
ALTER TABLE file ADD COLUMN message_id uuid REFERENCES message ON DELETE CASCADE;
DROP INDEX file_by_time;
CREATE INDEX file_by_time ON file (at) WHERE message_id IS NULL;
CREATE INDEX file_brought ON file (channel, at) WHERE agent_id IS NULL;
CREATE INDEX file_of_message ON file (message_id) WHERE message_id IS NOT NULL;
COMMENT ON TABLE file IS 'What is attached to messages. One that nobody sent, or that is whole in a mail, goes after a week.';
COMMENT ON COLUMN file.channel IS 'Where it came from, with `address`; nothing where an agent attached it.';
COMMENT ON COLUMN file.message_id IS 'The message that it lives as long as.';

CREATE TABLE read_mark (
    interaction_id uuid NOT NULL REFERENCES interaction ON DELETE CASCADE,
    side           text NOT NULL CHECK (side IN ('customer', 'agent')),
    message_id     uuid NOT NULL,
    at             timestamptz NOT NULL,
    PRIMARY KEY (interaction_id, side)
);
COMMENT ON TABLE read_mark IS 'Up to which message of the other side each side of a conversation has read.';

CREATE TABLE transcript (
    id      uuid PRIMARY KEY,
    channel text NOT NULL,
    visitor text NOT NULL,
    address text NOT NULL,
    at      timestamptz NOT NULL
);
CREATE INDEX transcript_of_channel ON transcript (channel, at);
CREATE INDEX transcript_to_address ON transcript (address, at);
COMMENT ON TABLE transcript IS 'Which conversations were sent by mail, that nobody has too many sent; of the last week.';
COMMENT ON COLUMN transcript.id IS 'Made of the visitor and the page''s name of the request: the same request is one.';
