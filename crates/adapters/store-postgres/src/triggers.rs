//! The triggers that the migrations make. Rules of tables could do what triggers can.

pub(crate) const FIND: &str = "
    SELECT t.tgname::text || ' on ' || c.relname::text AS name,
        t.tgenabled::text || ' ' || pg_get_triggerdef(t.oid, true) || ' ' || p.prosrc AS definition
    FROM pg_trigger t
        JOIN pg_class c ON c.oid = t.tgrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_proc p ON p.oid = t.tgfoid
    WHERE NOT t.tgisinternal AND n.nspname = current_schema()
    UNION ALL
    SELECT rulename::text || ' on ' || tablename::text, definition FROM pg_rules WHERE schemaname = current_schema()
    ORDER BY name";

pub(crate) const OURS: [(&str, &str); 1] = [(
    "audit_events_append_only on audit_events",
    "O CREATE TRIGGER audit_events_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON audit_events
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()
     BEGIN
        RAISE EXCEPTION 'audit_events is append-only' USING ERRCODE = 'insufficient_privilege';
     END",
)];
