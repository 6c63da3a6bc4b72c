-- The centre in versions: each text that was ever in force, who applied it, and why.

CREATE TABLE centre_version (
    number  integer PRIMARY KEY CHECK (number > 0),
    at      timestamptz NOT NULL,
    by      text NOT NULL,
    source  text NOT NULL CHECK (source IN ('file', 'cli', 'page')),
    message text NOT NULL,
    text    text NOT NULL,
    sha256  text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$')
);
COMMENT ON TABLE centre_version IS 'The centre as it was applied; the highest number is in force. A row is never changed.';
COMMENT ON COLUMN centre_version.by IS 'The log-in name on the page, the user of the machine at the command line, else the file.';
COMMENT ON COLUMN centre_version.text IS 'The YAML as it was applied, with its comments.';

CREATE FUNCTION centre_version_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a version of the centre is never changed: apply another one';
END $$;
CREATE TRIGGER centre_version_stays BEFORE UPDATE OR DELETE ON centre_version
    FOR EACH ROW EXECUTE FUNCTION centre_version_stays();

CREATE TABLE centre_file (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    sha256   text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    seen_at  timestamptz NOT NULL
);
COMMENT ON TABLE centre_file IS
    'The centre file as it was when it was last taken over: only another text of it replaces what was applied since.';
