//! A name server that counts its questions, and a listener that counts its connections.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::sync::{Arc, Mutex};

use hickory_net::proto::op::{Message, ResponseCode};
use hickory_net::proto::rr::rdata::CNAME;
use hickory_net::proto::rr::{Name, RData, Record, RecordType};
use tokio::net::{TcpListener, UdpSocket};
use tokio::task::JoinHandle;

use crate::{ConnectError, Destination, Egress, EgressSettings, Purpose, Session};

/// The answer of a name server to one question.
pub(super) enum Reply {
    /// Those of these addresses that are of the kind that was asked for.
    Addresses(Vec<IpAddr>),
    /// A chain of so many CNAME records, and the addresses of the last name.
    Chain(usize, Vec<IpAddr>),
    /// An error.
    Code(ResponseCode),
    /// An answer that is marked as truncated.
    Truncated,
    /// No answer.
    Silence,
}

/// A name server on a loopback address.
pub(super) struct NameServer {
    pub(super) address: SocketAddr,
    questions: Arc<Mutex<Vec<(String, RecordType)>>>,
    task: JoinHandle<()>,
}

impl NameServer {
    /// Starts a server. It answers by a function of the question's name and kind, and of the number of
    /// earlier questions of that kind.
    pub(super) async fn start(reply: impl Fn(&str, RecordType, usize) -> Reply + Send + 'static) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let questions = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&questions);
        let task = tokio::spawn(async move {
            let mut buffer = [0; 2048];
            while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
                let message = Message::from_vec(&buffer[..length]).unwrap();
                let (name, kind) = (message.queries[0].name().clone(), message.queries[0].query_type());
                let before = count(&seen, kind);
                seen.lock().unwrap().push((name.to_ascii(), kind));
                if let Some(answer) = answer(message, &name, kind, reply(&name.to_ascii(), kind, before)) {
                    socket.send_to(&answer.to_vec().unwrap(), from).await.unwrap();
                }
            }
        });
        Self { address, questions, task }
    }

    /// Starts a server that answers every question with the same addresses.
    pub(super) async fn saying(addresses: &'static [&'static str]) -> Self {
        let addresses: Vec<IpAddr> = addresses.iter().map(|ip| ip.parse().unwrap()).collect();
        Self::start(move |_, _, _| Reply::Addresses(addresses.clone())).await
    }

    /// The numbers of questions for A and for AAAA so far.
    pub(super) fn questions(&self) -> (usize, usize) {
        (count(&self.questions, RecordType::A), count(&self.questions, RecordType::AAAA))
    }

    /// The names that were asked for, in order.
    pub(super) fn names(&self) -> Vec<String> {
        self.questions.lock().unwrap().iter().map(|(name, _)| name.clone()).collect()
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn count(questions: &Mutex<Vec<(String, RecordType)>>, kind: RecordType) -> usize {
    questions.lock().unwrap().iter().filter(|(_, asked)| *asked == kind).count()
}

fn answer(question: Message, name: &Name, kind: RecordType, reply: Reply) -> Option<Message> {
    let mut answer = question.into_response();
    let address = |owner: &Name, ip: IpAddr| Record::from_rdata(owner.clone(), 0, RData::from(ip));
    match reply {
        Reply::Addresses(all) => {
            answer.answers = all.into_iter().map(|ip| address(name, ip)).collect();
        }
        Reply::Chain(length, all) => {
            let mut owner = name.clone();
            for index in 0..length {
                let target = Name::from_str(&format!("hop{index}.example.")).unwrap();
                let record = Record::from_rdata(owner, 0, RData::CNAME(CNAME(target.clone())));
                answer.answers.push(record);
                owner = target;
            }
            answer.answers.extend(all.into_iter().map(|ip| address(&owner, ip)));
        }
        Reply::Code(code) => answer.metadata.response_code = code,
        Reply::Truncated => answer.metadata.truncation = true,
        Reply::Silence => return None,
    }
    answer.answers.retain(|record| [kind, RecordType::CNAME].contains(&record.record_type()));
    Some(answer)
}

/// A listener that tells whether a client connected, without waiting when none did.
pub(super) struct Door {
    listener: TcpListener,
    pub(super) address: SocketAddr,
}

impl Door {
    pub(super) async fn open(address: &str) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        Self { listener, address }
    }

    /// Opens two addresses with the same port number.
    pub(super) async fn open_both(first: &str, second: &str) -> (Self, Self) {
        loop {
            let first = Self::open(&format!("{first}:0")).await;
            // Another process may use that port at the second address.
            if let Ok(listener) = TcpListener::bind(format!("{second}:{}", first.port())).await {
                let address = listener.local_addr().unwrap();
                return (first, Self { listener, address });
            }
        }
    }

    pub(super) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Returns how many clients have connected since the last call. A connection of the test itself marks the
    /// end, because connections are accepted in the order in which they came.
    #[expect(clippy::disallowed_methods, reason = "the test's own connection is to go around the policy")]
    pub(super) async fn visitors(&self) -> usize {
        let marker = tokio::net::TcpStream::connect(self.address).await.unwrap();
        let mut visitors = 0;
        while self.listener.accept().await.unwrap().1 != marker.local_addr().unwrap() {
            visitors += 1;
        }
        visitors
    }
}

/// Settings that allow these networks for SFTP and PostgreSQL, and use this name server.
pub(super) fn settings(allow_cidrs: &str, dns: Option<&NameServer>) -> EgressSettings {
    EgressSettings {
        allow_cidrs: allow_cidrs.into(),
        dns: dns.map(|server| server.address.to_string()).unwrap_or_default(),
        ..EgressSettings::default()
    }
}

pub(super) fn egress(allow_cidrs: &str, dns: Option<&NameServer>) -> Egress {
    Egress::new(&settings(allow_cidrs, dns)).unwrap()
}

/// Connects as the SFTP tester does.
pub(super) async fn reach(session: &Session, host: &str, port: u16) -> Result<(), ConnectError> {
    reach_for(Purpose::Sftp, session, host, port).await
}

pub(super) async fn reach_for(
    purpose: Purpose,
    session: &Session,
    host: &str,
    port: u16,
) -> Result<(), ConnectError> {
    let destination = Destination { purpose, host, port, port_is_fixed: false };
    session.connect(&destination).await.map(drop)
}

/// The reason of a refusal. Any other result fails the test.
pub(super) fn refusal(result: Result<(), ConnectError>) -> String {
    match result {
        Err(ConnectError::Refused(reason)) => reason,
        other => panic!("not refused: {other:?}"),
    }
}
