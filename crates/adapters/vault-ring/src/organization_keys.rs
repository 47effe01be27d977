//! The keys of organisations: made at the first seal of an organisation, stored wrapped under a root key, and
//! kept in memory for a short while.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lru::LruCache;
use ring::error::Unspecified;
use ring::rand::{SecureRandom, SystemRandom};
use strongroom_domain::{KekId, OrganizationId};
use strongroom_repository::{FirstKey, OrganizationKeyRepository, WrappedOrganizationKey};
use strongroom_vault::VaultError;
use tokio::time::Instant;
use zeroize::Zeroizing;

use crate::envelope::WRAPPED_LEN;
use crate::key_bytes::KeyBytes;
use crate::root_keys::RootKeys;
use crate::{aead, format2};

/// How long unwrapped keys are kept. Keys that another instance makes or destroys are noticed after that
/// time at the latest.
const KEPT: Duration = Duration::from_secs(60);

/// The generation of an organisation's first key.
const FIRST: u64 = 1;

/// Of how many organisations keys are kept. An entry needs some 250 bytes, so all of them need 8 MiB.
const ORGANIZATIONS: usize = 32_768;

/// The keys of organisations, as far as the root keys of this instance open them.
pub(crate) struct OrganizationKeys {
    repository: Arc<dyn OrganizationKeyRepository>,
    kept: Mutex<LruCache<OrganizationId, (Instant, Arc<KeysOfOrganization>)>>,
}

/// The keys of one organisation, oldest first; none until it has sealed something.
pub(crate) struct KeysOfOrganization(Vec<(KekId, Result<KeyBytes, Closed>)>);

/// Why a stored key does not open.
#[derive(Debug, Clone, Copy)]
enum Closed {
    /// This instance does not hold the root key.
    UnknownRoot(KekId),
    /// The row, or the key, was changed.
    Changed,
}

impl KeysOfOrganization {
    fn find(&self, id: KekId) -> Option<Result<&KeyBytes, VaultError>> {
        let (_, key) = self.0.iter().find(|(known, _)| *known == id)?;
        Some(opened(key))
    }

    /// The key that wraps new data keys.
    pub(crate) fn last(&self) -> Option<Result<(KekId, &KeyBytes), VaultError>> {
        let (id, key) = self.0.last()?;
        Some(opened(key).map(|key| (*id, key)))
    }

    /// A key by its id.
    pub(crate) fn get(&self, id: KekId) -> Result<&KeyBytes, VaultError> {
        self.find(id).unwrap_or(Err(VaultError::UnknownKey(id)))
    }
}

fn opened(key: &Result<KeyBytes, Closed>) -> Result<&KeyBytes, VaultError> {
    key.as_ref().map_err(|closed| match closed {
        Closed::UnknownRoot(root) => VaultError::UnknownKey(*root),
        Closed::Changed => VaultError::Integrity,
    })
}

impl OrganizationKeys {
    pub(crate) fn new(repository: Arc<dyn OrganizationKeyRepository>) -> Self {
        Self { repository, kept: Mutex::new(LruCache::unbounded()) }
    }

    /// The keys of an organisation, of which the last one wraps new data keys. The first key is made when the
    /// organisation has none.
    pub(crate) async fn to_seal(
        &self,
        roots: &RootKeys,
        organization: &OrganizationId,
        random: &SystemRandom,
    ) -> Result<Arc<KeysOfOrganization>, VaultError> {
        let keys = match self.recall(organization) {
            Some(keys) => keys,
            None => self.load(roots, organization).await?,
        };
        if !keys.0.is_empty() {
            return Ok(keys);
        }
        roots.take_wrap().await?;
        let first = fresh(roots, organization, random)?;
        match self.repository.insert_first_organization_key(&first).await.map_err(unavailable)? {
            // Another process may have been faster; then its key is the one that counts.
            FirstKey::Stored | FirstKey::Exists => self.load(roots, organization).await,
            FirstKey::Lost => Err(VaultError::KeysLost),
        }
    }

    /// The keys of an organisation, among them the one that an envelope names, if there is such a key.
    pub(crate) async fn to_open(
        &self,
        roots: &RootKeys,
        organization: &OrganizationId,
        id: KekId,
    ) -> Result<Arc<KeysOfOrganization>, VaultError> {
        match self.recall(organization).filter(|keys| keys.find(id).is_some()) {
            Some(keys) => Ok(keys),
            None => self.load(roots, organization).await,
        }
    }

    fn recall(&self, organization: &OrganizationId) -> Option<Arc<KeysOfOrganization>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, keys) = kept.get(organization)?;
        if since.elapsed() < KEPT {
            return Some(keys.clone());
        }
        kept.pop(organization);
        None
    }

    /// Reads the keys from the store and unwraps them. They are kept when all of them open: one that does not
    /// is read again, so that a mended row works at once.
    async fn load(
        &self,
        roots: &RootKeys,
        organization: &OrganizationId,
    ) -> Result<Arc<KeysOfOrganization>, VaultError> {
        let read_at = Instant::now();
        let stored = self.repository.organization_keys(organization).await.map_err(unavailable)?;
        let keys: Vec<_> = stored.iter().map(|key| (key.id, unwrap(roots, organization, key))).collect();
        let keys = Arc::new(KeysOfOrganization(keys));
        if !keys.0.is_empty() && keys.0.iter().all(|(_, key)| key.is_ok()) {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.put(organization.clone(), (read_at, keys.clone()));
            // What is over its time is wiped, beginning with what was not used for longest.
            while kept.peek_lru().is_some_and(|(_, (since, _))| since.elapsed() >= KEPT)
                || kept.len() > ORGANIZATIONS
            {
                kept.pop_lru();
            }
        }
        Ok(keys)
    }
}

fn unavailable(error: strongroom_repository::StoreError) -> VaultError {
    VaultError::Unavailable(Box::new(error))
}

/// Makes a new key of an organisation, wrapped under the primary root key. It is used only after the store
/// has returned it.
fn fresh(
    roots: &RootKeys,
    organization: &OrganizationId,
    random: &SystemRandom,
) -> Result<WrappedOrganizationKey, VaultError> {
    let (root, wrap_key) = roots.primary_key()?;
    let sealed = || -> Result<_, Unspecified> {
        let (key, mut id) = (KeyBytes::random(random)?, [0; 8]);
        random.fill(&mut id)?;
        let place = (FIRST, KekId(id));
        let aad = format2::organization_key_aad(roots.deployment(), organization, place, root);
        let (mut wrapped, mut text) = (Vec::with_capacity(WRAPPED_LEN), Zeroizing::new(*key.expose()));
        aead::seal_onto(&mut wrapped, wrap_key, random, &aad, &mut *text)?;
        Ok((KekId(id), wrapped))
    };
    let (id, wrapped) = sealed().map_err(|_| VaultError::Cipher)?;
    Ok(WrappedOrganizationKey { organization: organization.clone(), generation: FIRST, id, root, wrapped })
}

/// Unwraps what [`fresh`] wrapped. The organisation is the one that was asked for, whatever the row says.
fn unwrap(
    roots: &RootKeys,
    organization: &OrganizationId,
    stored: &WrappedOrganizationKey,
) -> Result<KeyBytes, Closed> {
    let root = roots.key(stored.root).map_err(|_| Closed::UnknownRoot(stored.root))?;
    let place = (stored.generation, stored.id);
    let aad = format2::organization_key_aad(roots.deployment(), organization, place, stored.root);
    let key = aead::open(root, &aad, &stored.wrapped).map_err(|_| Closed::Changed)?;
    KeyBytes::copied(&key).ok_or(Closed::Changed)
}
