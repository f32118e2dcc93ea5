-- Whether asking a failed order id again could bring an answer (a timeout, say); NULL in lookups kept before.
ALTER TABLE lookups ADD COLUMN may_pass BOOLEAN;
