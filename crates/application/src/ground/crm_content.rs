//! A credential in the form that CRM clients know, in the clear or masked.

use strongroom_domain::{Credential, CrmContent, CrmMapping, SecretPayload};

use crate::Failure;

/// A credential in the form that CRM clients know.
#[derive(Debug)]
pub struct CrmCredential {
    /// Its metadata.
    pub credential: Credential,
    /// Its content. It is masked already, unless the caller may read secrets and the read is on record.
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

/// Takes the parts that only CRM clients know out of a payload.
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
