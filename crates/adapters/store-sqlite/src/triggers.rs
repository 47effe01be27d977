//! The triggers that the migrations make.

pub(crate) const FIND: &str = "
    SELECT name || ' on ' || tbl_name AS name, sql AS definition FROM sqlite_schema WHERE type = 'trigger' ORDER BY name";

pub(crate) const OURS: [(&str, &str); 2] = [
    (
        "audit_events_are_not_updated on audit_events",
        "CREATE TRIGGER audit_events_are_not_updated BEFORE UPDATE ON audit_events
         BEGIN SELECT RAISE(ABORT, 'audit events are never changed'); END",
    ),
    (
        "audit_events_are_not_deleted on audit_events",
        "CREATE TRIGGER audit_events_are_not_deleted BEFORE DELETE ON audit_events
         BEGIN SELECT RAISE(ABORT, 'audit events are never deleted'); END",
    ),
];
