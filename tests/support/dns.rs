//! A name server on loopback with answers from a test, which counts the queries.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Returns the answers to a query for a name; `before` is the number of earlier queries of the same type.
pub(crate) type Answers = fn(name: &str, before: usize) -> Vec<IpAddr>;

/// A running name server. It ends when it is dropped.
pub(crate) struct NameServer {
    address: SocketAddr,
    asked: Arc<Mutex<BTreeMap<(String, u16), usize>>>,
    alive: Arc<()>,
}

const A: u16 = 1;
const AAAA: u16 = 28;

impl NameServer {
    pub(crate) fn start(answers: Answers) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        let address = socket.local_addr().unwrap();
        let (asked, alive) = (Arc::<Mutex<BTreeMap<_, _>>>::default(), Arc::new(()));
        let (counts, watched) = (asked.clone(), Arc::downgrade(&alive));
        std::thread::spawn(move || {
            let mut buffer = [0; 1500];
            while watched.upgrade().is_some() {
                let Ok((length, from)) = socket.recv_from(&mut buffer) else { continue };
                if let Some(reply) = reply(&buffer[..length], answers, &counts) {
                    socket.send_to(&reply, from).unwrap();
                }
            }
        });
        Self { address, asked, alive }
    }

    pub(crate) fn address(&self) -> String {
        assert_eq!(Arc::strong_count(&self.alive), 1);
        self.address.to_string()
    }

    /// The numbers of A and of AAAA queries for a name.
    pub(crate) fn queries(&self, name: &str) -> (usize, usize) {
        let asked = self.asked.lock().unwrap();
        let count = |kind| asked.get(&(name.to_owned(), kind)).copied().unwrap_or(0);
        (count(A), count(AAAA))
    }
}

/// Builds a reply to one question (RFC 1035, section 4.1). The answers point back to its name.
fn reply(query: &[u8], answers: Answers, counts: &Mutex<BTreeMap<(String, u16), usize>>) -> Option<Vec<u8>> {
    let mut at = 12;
    let mut labels = Vec::new();
    while *query.get(at)? != 0 {
        let length = usize::from(query[at]);
        labels.push(String::from_utf8_lossy(query.get(at + 1..=at + length)?).to_lowercase());
        at += length + 1;
    }
    let question = query.get(12..at + 5)?;
    let kind = u16::from_be_bytes([query[at + 1], query[at + 2]]);
    let name = labels.join(".");
    let before = {
        let mut counts = counts.lock().unwrap();
        let count = counts.entry((name.clone(), kind)).or_default();
        *count += 1;
        *count - 1
    };
    let known = answers(&name, before);
    let fitting: Vec<Vec<u8>> = known
        .iter()
        .filter_map(|ip| match (kind, ip) {
            (A, IpAddr::V4(ip)) => Some(ip.octets().to_vec()),
            (AAAA, IpAddr::V6(ip)) => Some(ip.octets().to_vec()),
            _ => None,
        })
        .collect();
    // The message is a response with recursion available. A name without any address does not exist.
    let code = if known.is_empty() { 3 } else { 0 };
    let mut reply =
        vec![query[0], query[1], 0x81, 0x80 | code, 0, 1, 0, u8::try_from(fitting.len()).unwrap()];
    reply.extend([0, 0, 0, 0]);
    reply.extend(question);
    for address in fitting {
        reply.extend([0xc0, 12]);
        reply.extend(kind.to_be_bytes());
        reply.extend([0, 1, 0, 0, 0, 0]);
        reply.extend(u16::try_from(address.len()).unwrap().to_be_bytes());
        reply.extend(address);
    }
    Some(reply)
}
