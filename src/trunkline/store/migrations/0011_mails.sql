-- Emails: each whole, as it came or went, and how far each mailbox was read.

ALTER TABLE interaction ADD COLUMN thread text NOT NULL DEFAULT '';
COMMENT ON COLUMN interaction.thread IS 'Which of somebody''s conversations on a channel that has several beside each other: an email thread.';
ALTER TABLE message ADD COLUMN details jsonb;
COMMENT ON COLUMN message.details IS 'What the desk shows beside the words, as the channel has it: files, a subject.';
ALTER TABLE outgoing ADD COLUMN details jsonb;
ALTER TABLE outgoing DROP CONSTRAINT outgoing_state_check;
ALTER TABLE outgoing ADD CHECK (state IN ('waiting', 'sent', 'delivered', 'failed', 'taken_back'));

CREATE TABLE mail (
    id         uuid PRIMARY KEY,
    channel    text NOT NULL,
    thread     text NOT NULL,
    message_id text NOT NULL,
    address    text NOT NULL,
    incoming   boolean NOT NULL,
    automatic  boolean NOT NULL,
    at         timestamptz NOT NULL,
    raw        bytea NOT NULL,
    seq        bigint GENERATED ALWAYS AS IDENTITY
);
CREATE INDEX mail_by_message_id ON mail (channel, message_id);
CREATE INDEX mail_of_thread ON mail (channel, thread, seq);
CREATE INDEX mail_of_address ON mail (channel, address, at) WHERE automatic AND NOT incoming;
COMMENT ON TABLE mail IS 'Every email whole (RFC 5322): nothing of it is lost that the desk does not show. Its id is that of its message.';
COMMENT ON COLUMN mail.message_id IS 'Its Message-ID without the angle brackets.';
COMMENT ON COLUMN mail.address IS 'The other end''s: from whom it came, or to whom it went.';
COMMENT ON COLUMN mail.automatic IS 'A machine wrote it: theirs, or a flow of ours.';

CREATE TABLE mailbox (
    channel      text PRIMARY KEY,
    uid_validity bigint NOT NULL,
    uid          bigint NOT NULL
);
COMMENT ON TABLE mailbox IS 'Up to which mail each mailbox was read (RFC 9051 section 2.3.1.1).';

CREATE TABLE file (
    id       uuid PRIMARY KEY,
    name     text NOT NULL,
    type     text NOT NULL,
    data     bytea NOT NULL,
    agent_id text NOT NULL,
    at       timestamptz NOT NULL
);
CREATE INDEX file_by_time ON file (at);
COMMENT ON TABLE file IS 'What agents attach, until it is in a mail.';
