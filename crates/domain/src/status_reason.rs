use crate::oauth::RefreshProblem;

/// Why a credential has the status that it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StatusReason {
    /// A refresh of its grant found this problem.
    Refresh(RefreshProblem),
    /// A connection test ended with this message in its report.
    Test(String),
}

impl StatusReason {
    /// The text of the wire and the store: the code of a problem, or the message of a report.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Refresh(problem) => problem.as_str(),
            Self::Test(message) => message,
        }
    }

    /// Reads the text that a store holds. A text that is not the code of a problem is the message of a
    /// report.
    pub fn from_stored(text: String) -> Self {
        match RefreshProblem::parse(&text) {
            Ok(problem) => Self::Refresh(problem),
            Err(_) => Self::Test(text),
        }
    }

    /// The problem of the refresh, when that is the reason.
    pub const fn problem(&self) -> Option<RefreshProblem> {
        match self {
            Self::Refresh(problem) => Some(*problem),
            Self::Test(_) => None,
        }
    }
}
