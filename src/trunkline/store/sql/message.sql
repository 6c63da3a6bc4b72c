-- live --
-- The latest $1 messages of each interaction that has not ended, in their order.
SELECT m.* FROM interaction i
CROSS JOIN LATERAL (
    SELECT * FROM message WHERE interaction_id = i.id ORDER BY seq DESC LIMIT $1
) AS m
WHERE i.ended_at IS NULL AND i.medium <> 'voice'
ORDER BY m.seq;

-- thread --
-- The latest $3 messages between the channel $1 and the address $2, in their order, as that address may see them.
SELECT * FROM (
    SELECT m.* FROM interaction i JOIN message m ON m.interaction_id = i.id
    WHERE i.dialled = $1 AND i.address = $2 AND i.medium <> 'voice' AND m.side <> 'colleague'
    ORDER BY m.seq DESC LIMIT $3
) AS latest ORDER BY seq;

-- where --
SELECT interaction_id FROM message WHERE id = $1::uuid;

-- one --
SELECT * FROM message WHERE id = $1::uuid;

-- answers_given --
SELECT facts ->> 'channel' AS channel, count(*) AS answered,
    count(*) FILTER (WHERE facts ->> 'in_time' IS DISTINCT FROM 'false') AS in_time
FROM journal WHERE kind = 'answered' AND at >= $1 GROUP BY 1;

-- live_reads --
SELECT r.* FROM interaction i JOIN read_mark r ON r.interaction_id = i.id
WHERE i.ended_at IS NULL AND i.medium <> 'voice';

-- read_by_agents --
-- The latest message of the address $2 on the channel $1 that an agent has read.
SELECT r.message_id FROM interaction i JOIN read_mark r ON r.interaction_id = i.id
WHERE i.dialled = $1 AND i.address = $2 AND i.medium <> 'voice' AND r.side = 'agent'
ORDER BY i.arrived_at DESC, r.at DESC LIMIT 1;
