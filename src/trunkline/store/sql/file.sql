-- keep --
WITH outlived AS (DELETE FROM file WHERE message_id IS NULL AND at < $6::timestamptz - interval '7 days')
INSERT INTO file (id, name, type, data, agent_id, at, channel, address)
VALUES ($1::uuid, $2, $3, $4, $5, $6::timestamptz, $7, $8)
ON CONFLICT (id) DO NOTHING;

-- one --
SELECT * FROM file WHERE id = $1::uuid;

-- facts --
SELECT id, name, type, octet_length(data) AS size, agent_id, channel, address, message_id
FROM file WHERE id = ANY($1::uuid[]);

-- brought_since --
SELECT count(*)::int AS many, coalesce(sum(octet_length(data)), 0)::bigint AS bytes
FROM file WHERE agent_id IS NULL AND channel = $1 AND ($2::text IS NULL OR address = $2) AND at >= $3;
