use crate::oauth::RefreshProblem;

/// Why a credential has the status that it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StatusReason {
    /// Its grant was not refreshed.
    Refresh(RefreshProblem),
    /// A connection test found this: the message of its report.
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

    /// Reads what a store holds. A text that is the code of no problem is the message of a report.
    pub fn from_stored(text: String) -> Self {
        match RefreshProblem::parse(&text) {
            Ok(problem) => Self::Refresh(problem),
            Err(_) => Self::Test(text),
        }
    }

    /// What kept its grant from being refreshed, when that is the reason.
    pub const fn problem(&self) -> Option<RefreshProblem> {
        match self {
            Self::Refresh(problem) => Some(*problem),
            Self::Test(_) => None,
        }
    }
}
