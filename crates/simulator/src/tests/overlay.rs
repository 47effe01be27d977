use std::fs;

use strongroom_catalog_files::{FileCatalog, embedded_files};
use strongroom_declared_http::OriginTemplate;
use strongroom_environment::Catalog;

use super::{World, http_test};
use crate::{OverlayError, Simulator, SimulatorOptions};

#[tokio::test]
async fn the_overlay_leads_every_step_to_the_simulator_and_leaves_the_rest_as_it_is() {
    let world = World::start().await;
    let original = FileCatalog::embedded().unwrap();
    for provider in world.providers() {
        let (before, declared) = (original.find(provider.id.as_str()).unwrap(), original.declarations());
        assert_eq!(format!("{:?}", provider.fields), format!("{:?}", before.fields), "{}", provider.id);
        assert_eq!(format!("{:?}", provider.types), format!("{:?}", before.types), "{}", provider.id);
        let (after, before) = (http_test(&provider).unwrap(), declared.test(&provider.id).unwrap());
        assert_eq!(format!("{:?}", after.choices), format!("{:?}", before.choices), "{}", provider.id);
        assert_eq!(after.steps.len(), before.steps.len());
        for (after, before) in after.steps.iter().zip(&before.steps) {
            let OriginTemplate::Host { plain_http: true, host, port, .. } = &after.origin else {
                panic!("{} {} does not lead to a host", provider.id, after.name);
            };
            let address = world.simulator.address();
            assert_eq!(format!("{host:?}"), format!("Template([Literal({:?})])", address.ip().to_string()));
            assert_eq!(*port, Some(address.port()));
            let rest = |step: &strongroom_declared_http::HttpStep| {
                let mut step = step.clone();
                step.origin = after.origin.clone();
                step.path = strongroom_declared_http::Template::default();
                format!("{step:?}")
            };
            assert_eq!(rest(after), rest(before), "{}", provider.id);
        }
    }
}

#[tokio::test]
async fn the_overlay_leaves_all_of_an_authorization_server_but_its_addresses() {
    let world = World::start().await;
    let original = FileCatalog::embedded().unwrap();
    for provider in world.grantors() {
        let before = original.find(provider.id.as_str()).unwrap();
        assert_eq!(format!("{:?}", provider.oauth), format!("{:?}", before.oauth), "{}", provider.id);
        let after = provider.requests();
        let mut before = original.declarations().oauth(&provider.id).unwrap().clone();
        before.authorize = after.authorize.clone();
        before.token = after.token.clone();
        assert_eq!(before.refresh.is_some(), after.refresh.is_some(), "{}", provider.id);
        before.refresh.clone_from(&after.refresh);
        assert_eq!(before.revoke.is_some(), after.revoke.is_some(), "{}", provider.id);
        if let (Some(before), Some(after)) = (&mut before.revoke, &after.revoke) {
            before.endpoint = after.endpoint.clone();
        }
        if let (Some(before), Some(after)) = (&mut before.account, &after.account) {
            assert_eq!(before.endpoint.is_some(), after.endpoint.is_some(), "{}", provider.id);
            before.endpoint.clone_from(&after.endpoint);
        }
        if let (Some(before), Some(after)) = (&mut before.client_credentials, &after.client_credentials) {
            before.token = after.token.clone();
        }
        assert_eq!(before.issuer.is_some(), after.issuer.is_some(), "{}", provider.id);
        before.issuer.clone_from(&after.issuer);
        assert_eq!(format!("{after:?}"), format!("{before:?}"), "{}", provider.id);
    }
}

#[tokio::test]
async fn providers_with_a_protocol_test_are_not_written() {
    let world = World::start().await;
    let written = |id: &str| world.folder.path().join(format!("{id}.toml")).exists();
    assert!(written("datadog") && !written("sftp") && !written("postgresql"));
}

#[tokio::test]
async fn an_overlay_is_written_over_its_own_files_and_over_no_others() {
    let world = World::start().await;
    world.simulator.write_overlay(world.folder.path()).unwrap();
    let path = world.folder.path().join("github.toml");
    let (_, original) = embedded_files().iter().find(|(name, _)| *name == "github.toml").unwrap();
    fs::write(&path, original).unwrap();
    let refused = world.simulator.write_overlay(world.folder.path());
    assert!(matches!(refused, Err(OverlayError::NotOurs(file)) if file == path));
    assert_eq!(fs::read_to_string(&path).unwrap(), *original);
}

#[tokio::test]
async fn a_provider_of_ones_own_is_played_too() {
    let folder = tempfile::tempdir().unwrap();
    let (_, text) = embedded_files().iter().find(|(name, _)| *name == "github.toml").unwrap();
    let own = text.replace("id = \"github\"", "id = \"my_github\"");
    fs::write(folder.path().join("my_github.toml"), own).unwrap();
    let options = SimulatorOptions { catalog: Some(folder.path().to_owned()), ..SimulatorOptions::default() };
    let simulator = Simulator::start(options).await.unwrap();
    let overlay = tempfile::tempdir().unwrap();
    simulator.write_overlay(overlay.path()).unwrap();
    assert!(FileCatalog::with_overlay(overlay.path()).unwrap().find("my_github").is_some());
    assert!(fs::read_to_string(overlay.path().join("my_github.toml")).unwrap().contains("/my_github/0/"));
}
