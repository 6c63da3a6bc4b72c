-- some --
-- $1 customers, or null: then whose address $4 is on the medium $3. $2 how many notes: those of their last ended
-- interactions, newest first.
SELECT
    c.id, c.name, c.tags,
    ARRAY(
        SELECT address FROM customer_address WHERE customer_id = c.id ORDER BY created_at, medium, address
    ) AS addresses,
    COALESCE((
        SELECT jsonb_agg(jsonb_build_object('at', n.ended_at, 'by', n.agent_id, 'text', n.note)
                         ORDER BY n.arrived_at DESC, n.id)
        FROM (
            SELECT id, arrived_at, ended_at, agent_id, note FROM interaction
            WHERE customer_id = c.id AND ended_at IS NOT NULL AND note <> ''
            ORDER BY arrived_at DESC, id LIMIT $2
        ) AS n
    ), '[]') AS notes
FROM customer AS c
WHERE c.id = ANY(COALESCE(
    $1::uuid[], ARRAY(SELECT customer_id FROM customer_address WHERE medium = $3 AND address = $4)
));

-- at --
-- Whose each contact is, in their order: media $1, addresses $2, when they came $4. Who is new is made under the id in $3.
-- Somebody who comes twice in it, or is being made by somebody else in this moment, has no id here: ask for them alone.
-- Addresses are taken in their order, so that nobody waits for each other.
WITH wanted AS (
    SELECT w.*, a.customer_id FROM unnest($1::text[], $2::text[], $3::uuid[], $4::timestamptz[])
        WITH ORDINALITY AS w (medium, address, fresh, at, place)
    LEFT JOIN customer_address AS a USING (medium, address)
), taken AS (
    INSERT INTO customer_address (medium, address, customer_id, created_at)
    SELECT medium, address, fresh, at FROM wanted WHERE customer_id IS NULL ORDER BY medium, address
    ON CONFLICT (medium, address) DO NOTHING
    RETURNING customer_id, created_at
), made AS (
    INSERT INTO customer (id, created_at) SELECT customer_id, created_at FROM taken
)
SELECT wanted.customer_id AS known, taken.customer_id AS made
FROM wanted LEFT JOIN taken ON taken.customer_id = wanted.fresh
ORDER BY place;

-- make --
-- Takes the address first: of two who try at once one waits for the other and then makes nothing. The foreign key is
-- checked when the statement ends, so the customer may come second.
WITH taken AS (
    INSERT INTO customer_address (medium, address, customer_id, created_at) VALUES ($1, $2, $3::uuid, $5)
    ON CONFLICT (medium, address) DO NOTHING
    RETURNING customer_id, address
)
INSERT INTO customer (id, name, created_at) SELECT customer_id, $4, $5 FROM taken
RETURNING id, name, (SELECT address FROM taken) AS address;

-- name --
-- A name that was told for somebody who has none.
UPDATE customer SET name = $2 WHERE id = $1::uuid AND name IS NULL;

-- timeline --
-- A customer's ended interactions, newest first.
SELECT
    id, arrived_at, medium, queue, agent_id, disposition, note, outcome, voicemail_file, voicemail_length,
    COALESCE(talk_ended_at, ended_at) - answered_at AS talked
FROM interaction
WHERE customer_id = $1::uuid AND ended_at IS NOT NULL AND outcome <> 'not_asked'
ORDER BY arrived_at DESC, id LIMIT $2;

-- day_figures --
-- The figures of the agents $1 since $2. One interaction counts once, also when its wrap-up was both timed out and
-- written.
SELECT
    agent_id,
    count(DISTINCT interaction_id) FILTER (WHERE kind IN ('wrapped_up', 'wrap_up_timed_out')) AS handled,
    count(*) FILTER (WHERE kind IN ('declined', 'rang_out')) AS missed,
    COALESCE(sum((facts ->> 'talk_s')::float8), 0) AS talk_s,
    COALESCE(sum((facts ->> 'wrap_s')::float8), 0) AS wrap_s,
    COALESCE(max((facts ->> 'talk_s')::float8), 0) AS longest_talk_s
FROM journal
WHERE agent_id = ANY($1::text[]) AND at >= $2 AND kind IN ('wrapped_up', 'wrap_up_timed_out', 'declined', 'rang_out')
GROUP BY agent_id;
