//! What both stores share: one schema, one set of rows, and how rows are read back into values of the domain.
//!
//! A column is declared in `schema` and stands in one row struct, beside the two conversions of that struct.
//! What the databases spell differently (ids, times, lists) is in `sql_types`; everything else has one
//! spelling.

mod accounts;
mod audit;
mod authorization_flows;
mod bad_column;
mod credentials;
mod deployment;
mod integrations;
mod oauth_apps;
mod organizations;
pub mod schema;
pub mod sql_types;
mod transaction;
mod values;

pub use accounts::{AccountChanges, AccountRow, KeyRow};
pub use audit::{EventRow, HeadRow, HeadlessRow};
pub use authorization_flows::{FlowRow, FlowSecret, SealedFlowRow, Stage};
pub use bad_column::{BadColumn, RowName, bound, sought, stored};
pub use credentials::{Changeable, CredentialRow, DueRow, Payload, SealedRow, Tested};
pub use deployment::{KekRow, PurposeKeyRow};
pub use integrations::IntegrationRow;
pub use oauth_apps::{AppChanges, AppRow, SealedAppRow};
pub use organizations::DriftRow;
pub use transaction::{Aborted, Change, made};
pub use values::{IdList, Micros, RowId, TextList};

/// A row that reads back into a value of the domain.
pub trait Stored {
    /// What it reads back into.
    type Value;

    /// Reads it back, or says which column cannot be read.
    fn read(self) -> Result<Self::Value, BadColumn>;
}

/// A credential that came by a join is not there when nothing was joined.
impl<R: Stored> Stored for Option<R> {
    type Value = Option<R::Value>;

    fn read(self) -> Result<Self::Value, BadColumn> {
        self.map(R::read).transpose()
    }
}
