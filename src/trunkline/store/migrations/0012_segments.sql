-- Text messages that come in segments, and the names by which receipts know what we sent.

CREATE TABLE sms_segment (
    channel   text NOT NULL,
    sender    text NOT NULL,
    reference text NOT NULL,
    total     integer NOT NULL,
    number    integer NOT NULL,
    text      text NOT NULL,
    at        timestamptz NOT NULL,
    PRIMARY KEY (channel, sender, reference, total, number)
);
CREATE INDEX sms_segment_by_time ON sms_segment (at);
COMMENT ON TABLE sms_segment IS 'Segments that came and whose message centre may give them again: until their message is whole, taken, and acknowledged for certain.';

CREATE INDEX outgoing_external ON outgoing (channel, external) WHERE external IS NOT NULL;
