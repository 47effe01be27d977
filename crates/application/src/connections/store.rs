//! Stores a credential for a connection.

use strongroom_domain::integration::ConnectAuthType;
use strongroom_domain::{ConnectListing, Credential, CredentialName, CredentialType, Json, Rule, Submission};

use super::Connections;
use crate::ground::{Permitted, to};
use crate::{Failure, StoreCredential};

/// The credential to store.
#[derive(Debug)]
pub struct StoreIntegrationCredential {
    /// The provider's id, in any case.
    pub provider: String,
    /// Its fields.
    pub credentials: Submission,
    /// A name; the provider's when absent.
    pub label: Option<CredentialName>,
}

impl Connections {
    /// Stores a credential of a provider that is connected with an API key, tested first.
    ///
    /// # Errors
    /// `NotFound` for a provider that the connect dialect does not list; `Invalid` for a provider that is
    /// connected in another way, and with every required field that is missing; otherwise the errors of
    /// [`Credentials::store`](crate::Credentials::store) with a test.
    pub async fn store_credential(
        &self,
        caller: &Permitted<to::ManageIntegrations>,
        new: StoreIntegrationCredential,
    ) -> Result<Credential, Failure> {
        let (provider, listing) = self.catalog.listed_for_connecting(&new.provider)?;
        if listing.auth_type != ConnectAuthType::ApiKey {
            return Err(Failure::invalid(Rule::fixed("is not connected with an API key").on("provider")));
        }
        check_required(&listing, &new.credentials)?;
        let new = StoreCredential {
            provider: provider.id.to_string(),
            credential_type: CredentialType::ApiKey,
            credentials: new.credentials,
            name: new.label,
            expires_at: None,
            slot: None,
            test: true,
        };
        self.credentials.store(&caller.including(), new).await
    }
}

fn check_required(listing: &ConnectListing, credentials: &Submission) -> Result<(), Failure> {
    let missing = |name: &&String| match credentials.get(*name) {
        None | Some(Json::Null) => true,
        Some(Json::Text(text)) => text.is_empty(),
        Some(_) => false,
    };
    let missing = listing.required_fields.iter().filter(missing);
    let violations: Vec<_> = missing.map(|name| Rule::REQUIRED.on(name.as_str())).collect();
    if violations.is_empty() { Ok(()) } else { Err(Failure::Invalid(violations)) }
}
