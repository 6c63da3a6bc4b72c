-- What supervisors tell agents in the middle of a conversation.

ALTER TABLE message DROP CONSTRAINT message_side_check;
ALTER TABLE message ADD CONSTRAINT message_side_check CHECK (side IN ('customer', 'flow', 'agent', 'colleague')) NOT VALID;
COMMENT ON COLUMN message.side IS 'Who wrote. What a colleague wrote is for agents alone.';
