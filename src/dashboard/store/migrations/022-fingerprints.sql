-- Tells whether a value is another one than before; keyed by the user's key. Null in rows from before.
ALTER TABLE app.credential_fields ADD COLUMN fingerprint text;
