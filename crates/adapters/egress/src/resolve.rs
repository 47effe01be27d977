//! Resolves names to addresses, with at most one query for A and one for AAAA.
//!
//! The queries are sent by the message layer of hickory and not by its resolver. The resolver sends a query
//! again when an answer is late, asks over TCP when one is truncated, and asks anew for the target of a
//! CNAME. All of that would multiply queries for names that an attacker serves.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hickory_net::proto::op::{DnsRequest, DnsRequestOptions, Message, Query, ResponseCode};
use hickory_net::proto::rr::{Name, RData, RecordType};
use hickory_net::runtime::TokioRuntimeProvider;
use hickory_net::udp::UdpClientStream;
use hickory_net::xfer::{DnsRequestSender, FirstAnswer};

use crate::connect_error::ConnectError;
use crate::system;

/// How long a resolution may take in total.
const TIME_LIMIT: Duration = Duration::from_secs(2);
/// How long one answer may take. It is a little less than the total, so that the other answer still counts.
const ANSWER_LIMIT: Duration = Duration::from_millis(1_900);
/// How many addresses a name may have.
const ADDRESS_LIMIT: usize = 16;
/// How many CNAME records may follow each other.
const CNAME_LIMIT: usize = 8;
/// The largest answer, in bytes. It passes through any network without fragments (RFC 9715), and nearly
/// always holds the numbers of records above.
const ANSWER_BYTES: u16 = 1232;

/// Asks name servers. It keeps no answer and no socket, so that it works on any runtime.
pub(crate) struct Resolver {
    /// The name servers of the settings. When it is empty, those of the system are read for each query.
    listed: Vec<SocketAddr>,
    /// Counts up whenever a server gave no answer or an error, so that the next server is asked.
    turn: AtomicUsize,
}

impl Resolver {
    pub(crate) fn new(listed: Vec<SocketAddr>) -> Self {
        Self { listed, turn: AtomicUsize::new(0) }
    }

    /// Returns all addresses of a name, IPv4 first. The hosts file is used with the system's name servers,
    /// and always for names without a dot. Search domains are never used.
    pub(crate) async fn resolve(&self, name: &str) -> Result<Vec<IpAddr>, ConnectError> {
        let resolved = tokio::time::timeout(TIME_LIMIT, self.resolve_slowly(name)).await;
        let resolved = resolved.unwrap_or_else(|_| Err(unresolved("the name was not resolved in 2 s")));
        if matches!(resolved, Err(ConnectError::Unresolved(_))) {
            self.turn.fetch_add(1, Ordering::Relaxed);
        }
        let addresses = resolved?;
        match addresses.len() {
            0 => Err(unresolved("the name has no address")),
            1..=ADDRESS_LIMIT => Ok(addresses),
            _ => Err(ConnectError::Refused("the name has more than 16 addresses".into())),
        }
    }

    async fn resolve_slowly(&self, name: &str) -> Result<Vec<IpAddr>, ConnectError> {
        let fqdn = Name::from_ascii(format!("{name}.")).map_err(|_| unresolved("the name is not one"))?;
        if self.listed.is_empty() || !name.contains('.') {
            let found = system::hosts_file(name.to_owned()).await;
            if !found.is_empty() {
                return Ok(found);
            }
        }
        let server = self.server().await?;
        let (v4, v6) = tokio::join!(ask(server, &fqdn, RecordType::A), ask(server, &fqdn, RecordType::AAAA));
        match (v4, v6) {
            (Err(refused @ ConnectError::Refused(_)), _) | (_, Err(refused @ ConnectError::Refused(_))) => {
                Err(refused)
            }
            (Err(error), Err(_)) => Err(error),
            // A server that answers for only one kind of address is tolerated: no connection goes to the
            // addresses that it does not give.
            (v4, v6) => Ok([v4.unwrap_or_default(), v6.unwrap_or_default()].concat()),
        }
    }

    async fn server(&self) -> Result<SocketAddr, ConnectError> {
        let servers = if self.listed.is_empty() { system::name_servers().await } else { self.listed.clone() };
        let turn = self.turn.load(Ordering::Relaxed).checked_rem(servers.len()).unwrap_or(0);
        servers.get(turn).copied().ok_or_else(|| unresolved("the system has no name server"))
    }
}

/// Sends one query and waits for its answer.
async fn ask(server: SocketAddr, name: &Name, kind: RecordType) -> Result<Vec<IpAddr>, ConnectError> {
    let mut options = DnsRequestOptions::default();
    options.edns_payload_len = ANSWER_BYTES;
    let request = DnsRequest::from_query(Query::query(name.clone(), kind), options);
    let mut client = UdpClientStream::builder(server, TokioRuntimeProvider::new())
        .with_timeout(Some(ANSWER_LIMIT))
        .with_max_retries(0)
        .build();
    let answer = client.send_message(request).first_answer().await;
    addresses(&answer.map_err(|_| unresolved("the name server gave no answer"))?.into_message(), name, kind)
}

/// Returns the addresses at the end of the chain of CNAME records that the answer has for a name.
fn addresses(answer: &Message, name: &Name, kind: RecordType) -> Result<Vec<IpAddr>, ConnectError> {
    match answer.metadata.response_code {
        ResponseCode::NoError => {}
        ResponseCode::NXDomain => return Ok(Vec::new()),
        _ => return Err(unresolved("the name server gave an error")),
    }
    if answer.metadata.truncation {
        return Err(ConnectError::Refused("the name has more addresses than fit into an answer".into()));
    }
    let mut owner = name;
    let mut hops = 0;
    while let Some(target) = answer.answers.iter().find_map(|record| match &record.data {
        RData::CNAME(target) if record.name == *owner => Some(&target.0),
        _ => None,
    }) {
        owner = target;
        hops += 1;
        if hops > CNAME_LIMIT {
            return Err(ConnectError::Refused("the name has more than 8 CNAME records".into()));
        }
    }
    let own = answer.answers.iter().filter(|record| record.name == *owner && record.record_type() == kind);
    Ok(own.filter_map(|record| record.data.ip_addr()).collect())
}

fn unresolved(reason: &str) -> ConnectError {
    ConnectError::Unresolved(reason.into())
}
