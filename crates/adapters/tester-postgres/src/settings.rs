use std::sync::Arc;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use strongroom_domain::{ConfigValue, PublicConfig, SecretText, TestCode};
use strongroom_egress::Purpose;
use strongroom_provider_tester::{TestSubject, Verdict};

use crate::finding::Found;
use crate::tls_mode::{Protection, TlsMode};

const DEFAULT_PORT: u16 = 5432;

/// The provider whose servers are the operator's own.
const INTERNAL: &str = "internal_postgresql";

/// The settings of a credential, read once.
pub(crate) struct Settings<'a> {
    pub(crate) purpose: Purpose,
    pub(crate) host: &'a str,
    pub(crate) port: u16,
    pub(crate) database: &'a str,
    pub(crate) username: &'a str,
    pub(crate) password: &'a SecretText,
    pub(crate) tls: TlsSettings,
}

/// How the server is verified.
pub(crate) struct TlsSettings {
    pub(crate) mode: TlsMode,
    /// The trusted authorities: those of `ssl_ca`, or else the public ones.
    pub(crate) roots: Arc<RootCertStore>,
    /// The certificates of `ssl_ca`; a server may present one of them as its own.
    pub(crate) pinned: Vec<CertificateDer<'static>>,
}

impl<'a> Settings<'a> {
    /// Reads the fields. A connection string was split into fields when it was submitted.
    pub(crate) fn read(subject: &'a TestSubject) -> Found<Self> {
        let config = &subject.content.config;
        let password = subject.content.secret.get("password").filter(|password| !password.is_empty());
        let internal = subject.provider.id.as_str() == INTERNAL;
        Ok(Self {
            purpose: if internal { Purpose::InternalPostgres } else { Purpose::Postgres },
            host: text(config, "host")?,
            port: port(config)?,
            database: text(config, "database")?,
            username: text(config, "username")?,
            password: password.ok_or_else(|| wrong("password"))?,
            tls: TlsSettings::read(config)?,
        })
    }
}

impl TlsSettings {
    /// The protection of a connection once its handshake is done. Anyone can get a certificate of some public
    /// authority for some name, so `verify-ca` only protects with an authority of the caller's own; since
    /// version 16 libpq refuses it without one (PostgreSQL manual, section 34.1.2, `sslrootcert`). Only
    /// `verify-full` proves who the server is.
    pub(crate) fn protection(&self) -> Protection {
        match self.mode {
            TlsMode::VerifyFull => Protection::Verified,
            TlsMode::VerifyCa if !self.pinned.is_empty() => Protection::Chain,
            _ => Protection::Unverified,
        }
    }

    fn read(config: &PublicConfig) -> Found<Self> {
        let authority = optional_text(config, "ssl_ca")?;
        let mode = TlsMode::parse(optional_text(config, "sslmode")?, authority.is_some())
            .ok_or_else(|| wrong("sslmode"))?;
        let Some(pem) = authority else {
            let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
            return Ok(Self { mode, roots: Arc::new(roots), pinned: Vec::new() });
        };
        let pinned = CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<Vec<_>, _>>();
        let pinned = pinned.ok().filter(|pinned| !pinned.is_empty()).ok_or_else(|| wrong("ssl_ca"))?;
        let mut roots = RootCertStore::empty();
        // A bundle may hold a certificate of a kind that is not read here.
        let (read, _) = roots.add_parsable_certificates(pinned.iter().cloned());
        if read == 0 {
            return Err(unreadable());
        }
        Ok(Self { mode, roots: Arc::new(roots), pinned })
    }
}

fn text<'a>(config: &'a PublicConfig, field: &'static str) -> Found<&'a str> {
    // The driver ends texts with a NUL, so a text that contains one cannot be sent.
    let text = optional_text(config, field)?.filter(|text| !text.contains('\0'));
    text.ok_or_else(|| wrong(field))
}

fn optional_text<'a>(config: &'a PublicConfig, field: &'static str) -> Found<Option<&'a str>> {
    match config.get(field) {
        None => Ok(None),
        Some(ConfigValue::Text(text)) if text.is_empty() => Ok(None),
        Some(ConfigValue::Text(text)) => Ok(Some(text)),
        Some(_) => Err(wrong(field)),
    }
}

fn port(config: &PublicConfig) -> Found<u16> {
    match config.get("port") {
        None => Ok(DEFAULT_PORT),
        Some(ConfigValue::Integer(port)) => {
            u16::try_from(*port).ok().filter(|port| *port != 0).ok_or_else(|| wrong("port"))
        }
        Some(_) => Err(wrong("port")),
    }
}

fn wrong(field: &'static str) -> Box<Verdict> {
    let message = format!("The field {field} is missing or cannot be read.");
    Box::new(
        Verdict::of(TestCode::InvalidConfig).saying(message).advising(format!("Check the field {field}.")),
    )
}

fn unreadable() -> Box<Verdict> {
    Box::new(
        Verdict::of(TestCode::InvalidConfig)
            .saying("The field ssl_ca holds no certificate that can be read.")
            .advising("Copy the certificate of the authority anew; one of X.509 version 1 is not read here."),
    )
}
