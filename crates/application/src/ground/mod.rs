//! What every desk stands on.

pub(crate) mod audit_writer;
pub(crate) mod caller;
pub(crate) mod crm_content;
pub(crate) mod denials;
pub(crate) mod key_files;
pub(crate) mod oauth_apps;
pub(crate) mod oauth_settings;
pub(crate) mod readiness;
pub(crate) mod rows;
pub(crate) mod schedule;
pub(crate) mod sealing;
pub(crate) mod usage_notes;
