-- seen --
-- The lease, and how long it lasts still by this server's clock.
SELECT token, holder, expires_at - clock_timestamp() AS left FROM dispatcher_lease;

-- take --
-- $1 the token that was seen, $2 the new holder, $3 how long, $4 whether the present holder is known to be dead.
-- Of two who saw the same token the second changes nothing. A save under the old token that runs is waited for; one that
-- begins later finds its token gone.
UPDATE dispatcher_lease SET token = token + 1, holder = $2, expires_at = clock_timestamp() + $3::interval
WHERE token = $1 AND (holder IS NULL OR expires_at <= clock_timestamp() OR $4::boolean)
RETURNING token;

-- renew --
-- Also when it has run out, as long as nobody else has taken it.
UPDATE dispatcher_lease SET expires_at = clock_timestamp() + $2::interval WHERE token = $1 RETURNING token;

-- give_back --
UPDATE dispatcher_lease SET holder = NULL, expires_at = clock_timestamp() WHERE token = $1;
