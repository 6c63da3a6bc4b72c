-- What admins write down for people who tell it by phone or letter.

CREATE TABLE contact_wish (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      timestamptz NOT NULL,
    by      text NOT NULL,
    medium  text NOT NULL,
    address text NOT NULL,
    purpose text,
    wanted  boolean NOT NULL
);
COMMENT ON TABLE contact_wish IS 'What an admin wrote down and no service has taken over yet. Without a purpose: everything on that medium.';
