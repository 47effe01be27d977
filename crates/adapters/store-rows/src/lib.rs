//! The code that both stores share: one schema, one set of rows, and how rows are read back into values of
//! the domain.
//!
//! A column is declared in `schema` and belongs to one row struct, which has two conversions. The module
//! `sql_types` has the types that the databases write differently (ids, times, lists); everything else has
//! one form.

mod accounts;
mod audit;
mod authorization_flows;
mod bad_column;
mod credentials;
mod deployment;
mod integrations;
mod oauth_apps;
mod organization_keys;
mod organizations;
pub mod schema;
pub mod sql_types;
mod transaction;
mod values;

pub use accounts::{AccountChanges, AccountRow, KeyRow};
pub use audit::{EventRow, HeadRow, HeadlessRow};
pub use authorization_flows::{FlowRow, FlowSecret, SealedFlowRow, Stage};
pub use bad_column::{BadColumn, RowName, bound, sought, stored};
pub use credentials::{Changeable, CredentialRow, DueRow, Labels, Payload, SealedRow, Tested};
pub use deployment::{KekRow, PurposeKeyRow, TriggerRow};
pub use integrations::IntegrationRow;
pub use oauth_apps::{AppChanges, AppRow, SealedAppRow};
pub use organization_keys::OrganizationKeyRow;
pub use organizations::DriftRow;
pub use transaction::{Aborted, Change, made};
pub use values::{IdList, Micros, RowId, TextList};

/// A row that reads back into a value of the domain.
pub trait Stored {
    /// The domain type that it is read back into.
    type Value;

    /// Reads the row back, or returns which column cannot be read.
    fn read(self) -> Result<Self::Value, BadColumn>;
}

/// A row that comes from an outer join may be absent.
impl<R: Stored> Stored for Option<R> {
    type Value = Option<R::Value>;

    fn read(self) -> Result<Self::Value, BadColumn> {
        self.map(R::read).transpose()
    }
}
