//! `strongroom token`

use serde_json::json;
use strongroom_domain::{OrganizationId, Role, UserId};

use super::{Invocation, broken};
use crate::arguments::{RoleName, Token};
use crate::duration::duration;
use crate::output;

pub(crate) fn run(invocation: Invocation, token: &Token) -> anyhow::Result<()> {
    let organization = OrganizationId::parse(&token.org).map_err(|rule| broken(rule.on("--org")))?;
    let user = UserId::parse(&token.user).map_err(|rule| broken(rule.on("--user")))?;
    let role = match token.role {
        RoleName::Admin => Role::Admin,
        RoleName::Member => Role::Member,
    };
    let ttl = duration("--ttl", &token.ttl, &[('s', 1), ('m', 60), ('h', 3_600)])?;
    let issued = invocation.settings.builder.token_issuer()?.issue(&organization, &user, role, ttl)?;
    output::result(invocation.json, &json!({ "token": issued }), std::slice::from_ref(&issued));
    Ok(())
}
