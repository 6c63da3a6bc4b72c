-- keep --
WITH outlived AS (DELETE FROM sms_segment WHERE at < $7::timestamptz - interval '2 days')
INSERT INTO sms_segment (channel, sender, reference, total, number, text, at)
VALUES ($1, $2, $3, $4, $5, $6, $7::timestamptz) ON CONFLICT DO NOTHING;

-- all --
SELECT number, text, at FROM sms_segment WHERE channel = $1 AND sender = $2 AND reference = $3 AND total = $4
ORDER BY number;

-- drop --
DELETE FROM sms_segment WHERE channel = $1 AND sender = $2 AND reference = $3 AND total = $4;

-- sent_as --
SELECT id FROM outgoing WHERE channel = $1 AND external = $2 ORDER BY seq DESC LIMIT 1;
