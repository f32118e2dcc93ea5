-- Calls read by time. Each page that came is a lookup of no order ('' as its order id), and the calls that it brought
-- carry the same: which order they belong to is what they say (said_order_id).
-- source: NULL = asked by its order id; 'page' = a page of calls; 'period' = an order answered out of such pages.
ALTER TABLE lookups ADD COLUMN source VARCHAR;
-- Of a page: the stretch it is of (epoch seconds, to_s not included), which calls of it were asked for (nxcc.stretches),
-- when the stretch's first page was asked, its number, and whether it was the last.
ALTER TABLE lookups ADD COLUMN from_s BIGINT;
ALTER TABLE lookups ADD COLUMN to_s BIGINT;
ALTER TABLE lookups ADD COLUMN filters VARCHAR;
ALTER TABLE lookups ADD COLUMN began_at TIMESTAMPTZ;
ALTER TABLE lookups ADD COLUMN page INTEGER;
ALTER TABLE lookups ADD COLUMN ended BOOLEAN;
