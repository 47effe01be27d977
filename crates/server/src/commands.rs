//! The commands, one file for each.

mod api_key;
mod audit_list;
mod audit_verify;
mod catalog;
mod doctor;
mod keys;
mod org_limit;
mod service_account;
mod token;

use strongroom::Strongroom;
use strongroom_application::{Failure, Operator};
use strongroom_domain::OrganizationId;

use crate::arguments::{ApiKey, Arguments, Audit, Catalog, Command, Keys, Org, ServiceAccount};
use crate::settings::{Environment, Settings, hide_secrets};
use crate::{logging, output, serve};

/// The settings and options that every command gets.
pub(crate) struct Invocation {
    pub(crate) settings: Settings,
    pub(crate) json: bool,
}

/// Runs the command that was asked for.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let command = arguments.command.unwrap_or(Command::Serve);
    let serving = matches!(command, Command::Serve);
    let environment = Environment::read()?;
    if serving {
        hide_secrets(&environment)?;
    }
    if let Command::Keys(Keys::Generate { name }) = &command {
        return keys::generate(name, arguments.json);
    }
    let settings = Settings::load(arguments.config.as_deref(), &environment)?;
    drop(environment);
    logging::start(settings.log_format, serving);
    for remark in &settings.remarks {
        remark.log();
    }
    let context = Invocation { settings, json: arguments.json };
    match command {
        Command::Serve => serve::run(context.settings).await,
        Command::Migrate => {
            context.settings.builder.migrate().await?;
            output::result(
                context.json,
                &serde_json::json!({ "ok": true }),
                &["the store is ready".to_owned()],
            );
            Ok(())
        }
        Command::Token(token) => token::run(context, &token),
        Command::ServiceAccount(ServiceAccount::Create { org, name, scope }) => {
            service_account::create(context, &org, &name, &scope).await
        }
        Command::ApiKey(ApiKey::Create { org, service_account, name, expires }) => {
            api_key::create(context, &org, &service_account, &name, expires.as_deref()).await
        }
        Command::Org(Org::Limit { org, limit }) => org_limit::run(context, &org, &limit).await,
        Command::Keys(Keys::Status) => keys::status(context).await,
        Command::Keys(Keys::Generate { .. }) => Ok(()),
        Command::Audit(Audit::List(asked)) => audit_list::run(context, asked).await,
        Command::Audit(Audit::Verify { org, checkpoints, deep }) => {
            audit_verify::run(context, org.as_deref(), checkpoints.as_deref(), deep).await
        }
        Command::Catalog(Catalog::List) => catalog::list(&context),
        Command::Catalog(Catalog::Check { dir }) => catalog::check(context, &dir),
        Command::Doctor => doctor::run(context).await,
    }
}

/// Opens the vault, runs `work` with it, and then writes the data that was gathered in memory.
async fn with_vault<T>(
    settings: Settings,
    work: impl AsyncFnOnce(&Strongroom) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let strongroom = settings.builder.open().await?;
    let result = work(&strongroom).await;
    strongroom.shutdown().await;
    result
}

/// The operator, acting in one organisation.
fn operator(org: &str) -> anyhow::Result<Operator> {
    let organization = OrganizationId::parse(org).map_err(|rule| rule.on("--org")).map_err(broken)?;
    Ok(Operator::of(organization)?)
}

/// A broken rule as an error.
fn broken(violation: strongroom_domain::Violation) -> anyhow::Error {
    anyhow::anyhow!("{violation}")
}

/// A failure with all of its details, for a person.
fn explained(failure: Failure) -> anyhow::Error {
    match failure {
        Failure::Invalid(violations) => {
            let texts: Vec<String> = violations.iter().map(ToString::to_string).collect();
            anyhow::anyhow!("{}", texts.join("; "))
        }
        other => other.into(),
    }
}
