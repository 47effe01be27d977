//! What the use cases of the CRM dialect share: which providers are CRMs, and what a caller gets to see.

use std::sync::Arc;

use strongroom_domain::{Credential, CrmContent, CrmMapping, Provider, Rule, SecretPayload};

use crate::{Application, Failure};

/// A credential as CRM clients know it.
#[derive(Debug)]
pub struct CrmCredential {
    /// Its metadata.
    pub credential: Credential,
    /// Its content; masked already, unless the caller may read secrets and the read is on record.
    pub content: CrmContent,
}

impl CrmCredential {
    /// Puts a credential together from its fields, and masks it unless it is shown in the clear.
    pub(crate) fn put_together(
        mapping: &CrmMapping,
        credential: Credential,
        mut payload: SecretPayload,
        in_clear: bool,
    ) -> Result<Self, Failure> {
        let content = read_content(mapping, &credential, &mut payload)?;
        let content = if in_clear { content } else { content.masked(mapping) };
        Ok(Self { credential, content })
    }
}

/// Takes what only CRM clients know out of a payload.
pub(crate) fn read_content(
    mapping: &CrmMapping,
    credential: &Credential,
    payload: &mut SecretPayload,
) -> Result<CrmContent, Failure> {
    CrmContent::of(mapping, credential, payload).map_err(|rule| {
        tracing::error!(credential = %credential.id, %rule, "stored metadata cannot be read");
        Failure::Internal
    })
}

impl Application {
    /// A CRM by its id in any case.
    pub(crate) fn crm_provider(&self, id: &str) -> Result<(Arc<Provider>, CrmMapping), Failure> {
        let provider = self.ports.catalog.find(id);
        let found = provider.and_then(|provider| provider.crm.clone().map(|mapping| (provider, mapping)));
        found.ok_or_else(|| {
            let all = self.ports.catalog.all();
            let crms = all.iter().filter(|provider| provider.crm.is_some());
            let ids: Vec<&str> = crms.map(|provider| provider.id.as_str()).collect();
            Failure::invalid(Rule::naming(format!("must be one of: {}", ids.join(", "))).on("provider"))
        })
    }
}
