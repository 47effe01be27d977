//! `strongroom api-key create`

use serde_json::json;
use strongroom_application::NewApiKey;
use strongroom_domain::ServiceAccountId;
use strongroom_domain::service_account::AccountName;

use super::{Invocation, broken, explained, operator, with_vault};
use crate::duration::duration;
use crate::output;

pub(crate) async fn create(
    invocation: Invocation,
    org: &str,
    account: &str,
    name: &str,
    expires: Option<&str>,
) -> anyhow::Result<()> {
    let operator = operator(org)?;
    let account = ServiceAccountId::parse(account).map_err(|rule| broken(rule.on("--service-account")))?;
    let name = AccountName::parse(name).map_err(|rule| broken(rule.on("--name")))?;
    let lifetime =
        expires.map(|text| duration("--expires", text, &[('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)]));
    let lifetime = lifetime.transpose()?;
    let issued = with_vault(invocation.settings, async |strongroom| {
        let expires_at = lifetime.map(|lifetime| strongroom.now() + lifetime);
        let new = NewApiKey { name, expires_at };
        let access = &strongroom.application().access;
        let admitted = access.admit(operator.caller().clone())?;
        access.create_key(&admitted, account, new).await.map_err(explained)
    });
    let issued = issued.await?;
    let token = issued.token.expose();
    let value = json!({ "id": issued.key.id.as_str(), "token": token });
    output::result(invocation.json, &value, &[token.to_owned()]);
    Ok(())
}
