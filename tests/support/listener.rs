//! A TCP server that only counts connections, or misbehaves as a test says.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A listener. Connections that it has accepted stay open until it is dropped, unless its behaviour ends.
pub(crate) struct Listener {
    address: SocketAddr,
    accepted: Arc<AtomicUsize>,
}

impl Listener {
    /// Listens on an address (port 0 for any port) and gives every connection to `behave`, in a thread of its
    /// own.
    pub(crate) fn start(address: &str, behave: impl Fn(TcpStream) + Clone + Send + 'static) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let address = listener.local_addr().unwrap();
        let accepted = Arc::new(AtomicUsize::new(0));
        let count = accepted.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                count.fetch_add(1, Ordering::SeqCst);
                let behave = behave.clone();
                std::thread::spawn(move || behave(stream));
            }
        });
        Self { address, accepted }
    }

    /// A listener that closes the connections that it accepts.
    pub(crate) fn closing(address: &str) -> Self {
        Self::start(address, drop)
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// How many connections it has accepted.
    pub(crate) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }
}
