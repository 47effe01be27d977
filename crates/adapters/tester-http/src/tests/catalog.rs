use strongroom_catalog_files::FileCatalog;
use strongroom_domain::{
    CredentialType, FieldKind, Provider, ProviderTest, SecretText, Submission, SubmittedValue,
};
use strongroom_environment::Catalog;
use time::macros::datetime;

use super::provider::test_of;
use crate::request::prepare;
use crate::values::Values;

/// All fields of a type that have an example, with it.
fn examples(provider: &Provider, kind: CredentialType) -> Submission {
    let one_line = |kind| !matches!(kind, FieldKind::List | FieldKind::Boolean);
    let fields = provider.fields_of(kind).filter(|field| one_line(field.kind));
    let value = |text: &str| SubmittedValue::Text(SecretText::new(text.to_owned()));
    fields.filter_map(|field| Some((field.name.clone(), value(field.example.as_deref()?)))).collect()
}

#[test]
fn every_step_of_every_provider_can_be_built_from_its_examples() {
    let mut built = 0;
    for provider in FileCatalog::embedded().unwrap().all() {
        let Some(ProviderTest::Http(test)) = &provider.test else { continue };
        for kind in provider.types.keys().copied() {
            let context = format!("{} {}", provider.id, kind.as_str());
            let content = provider.accept(kind, examples(&provider, kind));
            let content = content.unwrap_or_else(|found| panic!("{context}: {found:?}"));
            let values = Values::of(&provider, kind, &content, test_of(&provider));
            for step in test.steps.iter().filter(|step| step.types.is_empty() || step.types.contains(&kind)) {
                let prepared = prepare(step, &values, datetime!(2026-01-05 10:00 UTC));
                let prepared =
                    prepared.unwrap_or_else(|refusal| panic!("{context} {}: {refusal}", step.name));
                assert!(!prepared.target.plain_http, "{context} {}", step.name);
                built += 1;
            }
        }
    }
    assert!(built >= 66, "{built}");
}
