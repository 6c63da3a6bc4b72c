-- keep --
INSERT INTO mail (id, channel, thread, message_id, address, incoming, automatic, at, raw)
VALUES ($1::uuid, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING;

-- one --
SELECT * FROM mail WHERE id = $1::uuid;

-- known --
-- Of those Message-IDs in $2 the mails of the channel $1, without their bodies.
SELECT message_id, thread, address, incoming, (
    SELECT f.address FROM mail f WHERE f.channel = m.channel AND f.thread = m.thread ORDER BY f.seq LIMIT 1
) AS opened_by
FROM mail m WHERE channel = $1 AND message_id = ANY($2::text[]);

-- latest --
-- The latest mail of a thread, of those that came where $3 is given as true.
SELECT * FROM mail WHERE channel = $1 AND thread = $2 AND (incoming OR NOT $3::boolean) ORDER BY seq DESC LIMIT 1;

-- automatic_to --
SELECT count(*) AS n FROM mail WHERE channel = $1 AND address = $2 AND at >= $3 AND automatic AND NOT incoming;

-- read_to --
SELECT uid_validity, uid FROM mailbox WHERE channel = $1;

-- have_read --
INSERT INTO mailbox AS b (channel, uid_validity, uid) VALUES ($1, $2, $3)
ON CONFLICT (channel) DO UPDATE SET uid_validity = EXCLUDED.uid_validity, uid = EXCLUDED.uid;

-- keep_file --
WITH outlived AS (DELETE FROM file WHERE at < $6::timestamptz - interval '7 days')
INSERT INTO file (id, name, type, data, agent_id, at) VALUES ($1::uuid, $2, $3, $4, $5, $6::timestamptz)
ON CONFLICT (id) DO NOTHING;

-- file --
SELECT * FROM file WHERE id = $1::uuid;

-- files_facts --
SELECT id, name, type, octet_length(data) AS size, agent_id FROM file WHERE id = ANY($1::text[]::uuid[]);
