//! Operations on service accounts with their keys, and on OAuth apps.

use std::collections::BTreeSet;

use strongroom_domain::{Action, ApiKeyId, OauthAppId, Scope, ServiceAccount, ServiceAccountStatus};
use strongroom_environment::Ids;
use strongroom_fixtures::{api_key, event, full_service_account, provider, sealed, service_account};

use super::Play;
use crate::oauth_apps::app;
use crate::under_test::evidence;

impl Play {
    pub(super) async fn work_on_accounts(&mut self) {
        match self.random.below(12) {
            0 | 1 => self.insert_account().await,
            2 | 3 => self.replace_account().await,
            4 => self.delete_account().await,
            5..8 => self.insert_key().await,
            8 => self.delete_key().await,
            9 => self.note_uses().await,
            _ => self.find_accounts().await,
        }
    }

    fn some_account(&mut self) -> ServiceAccount {
        let organization = self.organization();
        let fresh = service_account(&organization, self.ids.service_account());
        self.random.recent(&self.accounts).cloned().unwrap_or(fresh)
    }

    async fn insert_account(&mut self) {
        let (organization, id) = (self.organization(), self.ids.service_account());
        let plain = self.random.chance(50);
        let mut new =
            if plain { service_account(&organization, id) } else { full_service_account(&organization, id) };
        new.created_at = self.time();
        if let (true, Some(known)) = (self.random.chance(10), self.random.recent(&self.accounts)) {
            new.id = known.id;
        }
        let stored = self
            .ask("insert an account", async |one| {
                one.accounts.insert(&new, evidence(&new.organization)).await
            })
            .await;
        if stored.is_some() {
            self.accounts.push(new);
        }
    }

    async fn replace_account(&mut self) {
        let some = self.some_account();
        let (organization, id) = (some.organization.clone(), some.id);
        let found = self.ask("find an account", async |one| one.accounts.find(&organization, id).await).await;
        let before = found.flatten().unwrap_or(some);
        let read_at = if self.random.chance(80) { before.updated_at } else { self.time() };
        let mut after = before.clone();
        after.updated_at = self.time();
        after.description = self.random.maybe("two lines\nof text".to_owned());
        after.scopes = BTreeSet::from([*self.random.pick(&Scope::ALL).unwrap()]);
        after.reach.providers = self.random.maybe(BTreeSet::from([provider("sftp")]));
        let nothing = self.random.chance(50);
        after.reach.credentials = self.random.maybe(match nothing {
            true => BTreeSet::new(),
            false => BTreeSet::from([self.ids.credential()]),
        });
        after.status = ServiceAccountStatus::Inactive;
        self.ask("replace an account", async |one| {
            one.accounts.replace(&after, read_at, evidence(&after.organization)).await
        })
        .await;
    }

    async fn delete_account(&mut self) {
        let some = self.some_account();
        self.ask("delete an account", async |one| {
            one.accounts.delete(&some.organization, some.id, evidence(&some.organization)).await
        })
        .await;
    }

    async fn insert_key(&mut self) {
        let account = self.some_account();
        let bits = [(); 10].map(|()| u8::try_from(self.random.bits() % 256).unwrap());
        let mut new = api_key(&account, ApiKeyId::from_random(bits));
        // Some keys have the same creation time, so that their order is tested.
        new.created_at = strongroom_fixtures::instant(i64::try_from(self.random.below(3)).unwrap());
        let at = self.time();
        new.last_used_at = self.random.maybe(at);
        if let (true, Some(known)) = (self.random.chance(10), self.random.recent(&self.keys)) {
            new.id = known.id.clone();
        }
        let stored = self
            .ask("insert a key", async |one| one.accounts.insert_key(&new, evidence(&new.organization)).await)
            .await;
        if stored == Some(true) {
            self.keys.push(new);
        }
    }

    async fn delete_key(&mut self) {
        let Some(key) = self.random.recent(&self.keys).cloned() else { return };
        let other = self.some_account().id;
        let account = if self.random.chance(90) { key.service_account } else { other };
        self.ask("delete a key", async |one| {
            let evidence = evidence(&key.organization);
            one.accounts.delete_key(&key.organization, account, &key.id, evidence).await
        })
        .await;
    }

    async fn note_uses(&mut self) {
        let number = self.random.below(4);
        let uses: Vec<_> = (0..number)
            .filter_map(|_| self.random.recent(&self.keys).cloned().map(|key| (key, self.time())))
            .map(|(key, at)| (key.organization, key.id, at))
            .collect();
        self.ask("note_uses", async |one| one.accounts.note_uses(&uses).await).await;
    }

    async fn find_accounts(&mut self) {
        let some = self.some_account();
        let organization = some.organization.clone();
        let (offset, limit) = (self.random.below(4), self.random.below(6));
        let (offset, limit) = (u32::try_from(offset).unwrap(), u32::try_from(limit).unwrap());
        self.ask("list accounts", async |one| one.accounts.list(&organization, offset, limit).await).await;
        self.ask("list keys", async |one| one.accounts.list_keys(&organization, some.id).await).await;
        let Some(key) = self.random.recent(&self.keys).cloned() else { return };
        self.ask("find a key", async |one| one.accounts.find_key(&key.id).await).await;
    }

    pub(super) async fn work_on_apps(&mut self) {
        let organization = self.organization();
        let name = *self.random.pick(&["google", "slack", "a_c", "Z"]).unwrap();
        let mut new = app(&organization, &self.ids, name);
        let known = self.random.recent(&self.apps).cloned();
        let id = known.map_or(OauthAppId(self.ids.next()), |known| known.id);
        let told = |action| event(&organization, action).into();
        match self.random.below(6) {
            0..3 => {
                if self.random.chance(10) {
                    // When two unique values are already taken, a store may report either.
                    (new.app.id, new.app.app) = (id, new.app.id.to_string());
                }
                let stored = self
                    .ask("insert an app", async |one| {
                        one.oauth_apps.insert(&new, told(Action::OauthAppCreated)).await
                    })
                    .await;
                if stored.is_some() {
                    self.apps.push(new.app);
                }
            }
            3 => {
                new.app.id = id;
                (new.app.client_id, new.sealed) = ("another".to_owned(), sealed([3; 8], b"another secret"));
                new.app.updated_at = self.time();
                self.ask("replace an app", async |one| {
                    one.oauth_apps.replace(&new, told(Action::OauthAppUpdated)).await
                })
                .await;
            }
            4 => {
                self.ask("delete an app", async |one| {
                    one.oauth_apps.delete(&organization, id, told(Action::OauthAppDeleted)).await
                })
                .await;
            }
            _ => {
                self.ask("find an app", async |one| one.oauth_apps.find(&organization, id).await).await;
                self.ask("find an app by name", async |one| {
                    one.oauth_apps.find_named(&organization, name).await
                })
                .await;
            }
        }
    }
}
