-- Interactions that their agent has handed to a flow.

ALTER TABLE interaction ADD COLUMN handed jsonb;
COMMENT ON COLUMN interaction.handed IS 'That an agent has handed it to a flow: by whom, and back_to, the place it takes when the flow is over (null: it ends).';
