-- set_password --
-- A new password ends the sessions that the old one opened.
WITH known AS (
    UPDATE agent SET password_hash = $2 WHERE id = $1 RETURNING id
), closed AS (
    DELETE FROM session WHERE agent_id IN (SELECT id FROM known)
)
SELECT id FROM known;

-- password_hash --
SELECT password_hash FROM agent WHERE id = $1 AND retired_at IS NULL AND password_hash IS NOT NULL;

-- rehash --
-- The same password under today's parameters, unless somebody has set another meanwhile ($3 is the old hash).
UPDATE agent SET password_hash = $2 WHERE id = $1 AND password_hash = $3;

-- open_session --
-- Sessions that are over are swept away by those who come.
WITH swept AS (
    DELETE FROM session WHERE expires_at <= $3
)
INSERT INTO session (token_sha256, agent_id, opened_at, expires_at)
SELECT $1, id, $3, $4 FROM agent WHERE id = $2 AND retired_at IS NULL
RETURNING agent_id;

-- session --
SELECT s.agent_id, s.expires_at FROM session AS s JOIN agent AS a ON a.id = s.agent_id
WHERE s.token_sha256 = $1 AND s.expires_at > $2 AND a.retired_at IS NULL;

-- closed_among --
-- Those of the sessions in $1 (bytea[]) that are not open at $2. Hardly ever any: what is open is not sent.
SELECT asked AS token_sha256 FROM unnest($1::bytea[]) AS asked
WHERE NOT EXISTS (
    SELECT FROM session AS s JOIN agent AS a ON a.id = s.agent_id
    WHERE s.token_sha256 = asked AND s.expires_at > $2 AND a.retired_at IS NULL
);

-- close_session --
DELETE FROM session WHERE token_sha256 = $1;
