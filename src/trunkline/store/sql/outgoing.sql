-- one --
SELECT * FROM outgoing WHERE id = $1::uuid;

-- parts --
-- A message that goes out, and its further parts: those of the same message of the same interaction.
SELECT * FROM outgoing WHERE id = $1::uuid
UNION
SELECT p.* FROM outgoing AS o JOIN outgoing AS p ON p.interaction_id = o.interaction_id AND p.message_id = o.message_id
WHERE o.id = $1::uuid
ORDER BY seq;

-- under_way --
-- What waits for its provider, and of live interactions all that went out, in their order.
SELECT * FROM outgoing WHERE state = 'waiting'
UNION
SELECT o.* FROM interaction AS i JOIN outgoing AS o ON o.interaction_id = i.id WHERE i.ended_at IS NULL
ORDER BY seq;

-- put_back --
SELECT * FROM outgoing WHERE tries < 0 ORDER BY seq LIMIT 1000;

-- failed --
-- The latest $2 dead letters of the channel $1, or of all.
SELECT * FROM outgoing WHERE state = 'failed' AND ($1::text IS NULL OR channel = $1) ORDER BY seq DESC LIMIT $2;

-- put_failed_back --
-- Dead letters, those named by $1 or all of the channel $2. Their tries tell a service that an admin put them back.
UPDATE outgoing SET state = 'waiting', tries = -1, due = NULL, why = NULL, external = NULL
WHERE state = 'failed' AND (id = ANY($1::uuid[]) OR ($1::uuid[] IS NULL AND channel = $2)) RETURNING id;

-- counted --
SELECT channel, state, count(*) AS n FROM outgoing WHERE state = 'waiting' GROUP BY channel, state
UNION ALL
SELECT channel, state, count(*) AS n FROM outgoing WHERE state = 'failed' GROUP BY channel, state;

-- opt_outs --
SELECT * FROM opt_out;
