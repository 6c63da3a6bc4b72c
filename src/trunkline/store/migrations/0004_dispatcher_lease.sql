-- One process decides and acts at a time: the one that was given the latest token.

CREATE TABLE dispatcher_lease (
    -- The key on purpose: a save locks it as a foreign key would (FOR KEY SHARE), so that only another token waits for
    -- running saves, and no renewal does.
    token      bigint PRIMARY KEY,
    holder     text,
    expires_at timestamptz NOT NULL,
    one_row    boolean NOT NULL DEFAULT true UNIQUE CHECK (one_row)
) WITH (fillfactor = 50);
INSERT INTO dispatcher_lease (token, expires_at) VALUES (0, 'epoch');
COMMENT ON TABLE dispatcher_lease IS 'Who decides. One row, for ever.';
COMMENT ON COLUMN dispatcher_lease.token IS 'Higher with each holder. What is written under an earlier one is refused.';
COMMENT ON COLUMN dispatcher_lease.holder IS 'Which process, or null when it was given back.';
COMMENT ON COLUMN dispatcher_lease.expires_at IS 'By the clock of this database, and no other.';
