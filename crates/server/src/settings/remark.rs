//! What the operator should know about where settings come from. It is said once logging has begun.

/// One such fact.
#[derive(Debug)]
pub(crate) enum Remark {
    /// Names of variables that begin as ours do and are no settings.
    Foreign(String),
    /// A settings file with secrets that others can read, and what is wrong with it.
    Open(String, String),
}

impl Remark {
    /// Writes it to the log.
    pub(crate) fn log(&self) {
        match self {
            Self::Foreign(variables) => tracing::info!(
                variables,
                "these variables are no settings and are passed over; Kubernetes makes such for each Service, and \
                 `enableServiceLinks: false` in the pod keeps them away"
            ),
            Self::Open(path, problem) => {
                tracing::warn!(path, problem, "a settings file with secrets is open to others");
            }
        }
    }
}
