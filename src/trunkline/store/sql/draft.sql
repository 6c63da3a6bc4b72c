-- live --
-- The draft of each interaction that has not ended.
SELECT d.* FROM draft d JOIN interaction i ON i.id = d.interaction_id WHERE i.ended_at IS NULL;
