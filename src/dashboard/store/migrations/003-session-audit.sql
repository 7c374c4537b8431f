-- Hash of the last entry of a session's audit chain: who kept the chain can show that it is whole.
ALTER TABLE app.cli_sessions ADD COLUMN audit_head text CHECK (audit_head ~ '^[0-9a-f]{64}$');
