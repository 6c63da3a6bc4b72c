-- put --
-- A new version upon the one that it was planned against ($1), its line in the journal, and the file that it came from
-- ($9, null: from none). No row when another version is in force; of two at once, one fails on centre_version_pkey.
WITH put AS (
    INSERT INTO centre_version (number, at, by, source, message, text, sha256)
    SELECT $1::integer + 1, $2, $3, $4, $5, $6, $7
    WHERE $1::integer = (SELECT coalesce(max(number), 0) FROM centre_version)
    RETURNING *
), told AS (
    INSERT INTO journal (at, kind, agent_id, facts)
    SELECT at, 'centre_changed', $8,
        jsonb_build_object('version', number, 'by', by, 'source', source, 'message', message)
    FROM put
), seen AS (
    INSERT INTO centre_file (sha256, seen_at) SELECT $9, $2 FROM put WHERE $9::text IS NOT NULL
    ON CONFLICT (only_row) DO UPDATE SET sha256 = EXCLUDED.sha256, seen_at = EXCLUDED.seen_at
)
SELECT * FROM put;

-- number --
SELECT coalesce(max(number), 0) AS number FROM centre_version;

-- in_force --
SELECT * FROM centre_version ORDER BY number DESC LIMIT 1;

-- one --
SELECT * FROM centre_version WHERE number = $1;

-- history --
-- The newest first, below $1 (null: from the latest on).
SELECT * FROM centre_version WHERE $1::integer IS NULL OR number < $1 ORDER BY number DESC LIMIT $2;

-- file_seen --
SELECT sha256 FROM centre_file;

-- see_file --
INSERT INTO centre_file (sha256, seen_at) VALUES ($1, $2)
ON CONFLICT (only_row) DO UPDATE SET sha256 = EXCLUDED.sha256, seen_at = EXCLUDED.seen_at;
