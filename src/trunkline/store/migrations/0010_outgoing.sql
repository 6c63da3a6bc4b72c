-- What providers are to be given, and who wants nothing more.

CREATE TABLE outgoing (
    id             uuid PRIMARY KEY,
    channel        text NOT NULL,
    address        text NOT NULL,
    text           text NOT NULL,
    at             timestamptz NOT NULL,
    interaction_id uuid REFERENCES interaction ON DELETE CASCADE,
    message_id     uuid,
    anyway         boolean NOT NULL,
    state          text NOT NULL CHECK (state IN ('waiting', 'sent', 'delivered', 'failed')),
    tries          integer NOT NULL,
    due            timestamptz,
    external       text,
    why            text,
    seq            bigint GENERATED ALWAYS AS IDENTITY
);
CREATE INDEX outgoing_waiting ON outgoing (seq) WHERE state = 'waiting';
CREATE INDEX outgoing_failed ON outgoing (seq) WHERE state = 'failed';
CREATE INDEX outgoing_put_back ON outgoing (seq) WHERE tries < 0;
CREATE INDEX outgoing_of_interaction ON outgoing (interaction_id) WHERE interaction_id IS NOT NULL;
COMMENT ON TABLE outgoing IS 'The outbox: one row for each message that a provider is given. Failed ones are the dead letters.';
COMMENT ON COLUMN outgoing.id IS 'Made of the channel and the key of what is said: what is said twice is one row.';
COMMENT ON COLUMN outgoing.tries IS 'How many times it was given to the provider in vain; below nothing: an admin put it back, and no service has it yet.';
COMMENT ON COLUMN outgoing.anyway IS 'Goes to those as well who want nothing more, for it tells them just that.';

CREATE TABLE opt_out (
    medium  text NOT NULL,
    address text NOT NULL,
    since   timestamptz NOT NULL,
    PRIMARY KEY (medium, address)
);
COMMENT ON TABLE opt_out IS 'Who wants nothing more on a medium: they sent STOP, or their provider says so.';
