//! `strongroom service-account create`

use serde_json::json;
use strongroom_application::NewServiceAccount;
use strongroom_domain::service_account::AccountName;
use strongroom_domain::{Reach, Scope, ScopeSet};

use super::{Invocation, broken, explained, operator, with_vault};
use crate::output;

pub(crate) async fn create(
    invocation: Invocation,
    org: &str,
    name: &str,
    scopes: &[String],
) -> anyhow::Result<()> {
    let operator = operator(org)?;
    let name = AccountName::parse(name).map_err(|rule| broken(rule.on("--name")))?;
    let scopes: Result<ScopeSet, _> = scopes.iter().map(|scope| Scope::parse(scope)).collect();
    let scopes = scopes.map_err(|rule| broken(rule.on("--scope")))?;
    let new = NewServiceAccount {
        name,
        description: None,
        scopes: (!scopes.is_empty()).then_some(scopes),
        reach: Reach::default(),
    };
    let account = with_vault(invocation.settings, async |strongroom| {
        let access = &strongroom.application().access;
        let admitted = access.admit(operator.caller().clone())?;
        access.create_account(&admitted, new).await.map_err(explained)
    });
    let id = account.await?.id.to_string();
    output::result(invocation.json, &json!({ "id": id }), std::slice::from_ref(&id));
    Ok(())
}
