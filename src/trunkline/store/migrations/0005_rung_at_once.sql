-- The other agents at whom a call rings beside the first.

ALTER TABLE interaction ADD COLUMN beside jsonb;
COMMENT ON COLUMN interaction.beside IS 'Offers that ring beside offer_id: id, agent, since, expires_at, answered_at.';
