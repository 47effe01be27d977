use std::collections::BTreeMap;

use strongroom_domain::KekId;
use strongroom_vault::VaultError;
use uuid::Uuid;

use crate::key_bytes::KeyBytes;
use crate::wrap_counter::WrapCounter;

/// The wrap keys that are derived from the root keys of the ring; the root keys themselves are not kept.
pub(crate) struct RootKeys {
    deployment: Uuid,
    wrap_keys: BTreeMap<KekId, KeyBytes>,
    primary: KekId,
    wraps: WrapCounter,
}

impl RootKeys {
    pub(crate) fn new(
        deployment: Uuid,
        wrap_keys: BTreeMap<KekId, KeyBytes>,
        primary: KekId,
        wraps: WrapCounter,
    ) -> Self {
        Self { deployment, wrap_keys, primary, wraps }
    }

    /// The deployment, which everything that is sealed is bound to.
    pub(crate) fn deployment(&self) -> Uuid {
        self.deployment
    }

    /// The id of the key that new keys are wrapped with.
    pub(crate) fn primary(&self) -> KekId {
        self.primary
    }

    /// The key that new keys are wrapped with. [`Self::take_wrap`] comes before each use.
    pub(crate) fn primary_key(&self) -> Result<(KekId, &KeyBytes), VaultError> {
        Ok((self.primary, self.key(self.primary)?))
    }

    /// The key that opens what `id` has wrapped.
    pub(crate) fn key(&self, id: KekId) -> Result<&KeyBytes, VaultError> {
        self.wrap_keys.get(&id).ok_or(VaultError::UnknownKey(id))
    }

    /// Counts one wrap under the primary key.
    pub(crate) async fn take_wrap(&self) -> Result<(), VaultError> {
        self.wraps.take().await
    }
}
