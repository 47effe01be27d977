use std::sync::{Arc, Mutex};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use strongroom_domain::{StepOutcome, TestCode};
use strongroom_provider_tester::Cause;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::provider::{loopback, one_step, run};
use super::server::{Behaviour, Server};

/// A TLS server for 127.0.0.1 that keeps what it reads and answers 200.
struct TlsServer {
    port: u16,
    pem: String,
    received: Arc<Mutex<Vec<u8>>>,
    task: JoinHandle<()>,
}

impl TlsServer {
    async fn start() -> Self {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let received = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&received);
        let task = tokio::spawn(async move {
            loop {
                let (tcp, _) = listener.accept().await.unwrap();
                let Ok(mut stream) = acceptor.accept(tcp).await else { continue };
                let mut buffer = [0; 4096];
                while let Ok(count @ 1..) = stream.read(&mut buffer).await {
                    let whole = {
                        let mut kept = kept.lock().unwrap();
                        kept.extend_from_slice(&buffer[..count]);
                        kept.ends_with(b"\r\n\r\n")
                    };
                    if whole {
                        drop(stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await);
                    }
                }
            }
        });
        Self { port, pem: cert.pem(), received, task }
    }
}

impl Drop for TlsServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[tokio::test]
async fn a_server_that_proves_itself_gets_the_secret() {
    let server = TlsServer::start().await;
    let provider = one_step(&format!("url = \"https://127.0.0.1:{}/me\"", server.port));
    let egress = loopback().with_roots(&server.pem).unwrap();
    let (verdict, steps) = run(egress, &provider, &[("token", "good-token")]).await;
    let verdict = verdict.unwrap();
    assert_eq!(verdict.code, TestCode::Ok);
    assert_eq!(verdict.facts["tls_certificate_expires_at"], "4096-01-01T00:00:00Z");
    assert!(steps.iter().all(|step| step.outcome == StepOutcome::Ok), "{steps:?}");
    assert!(String::from_utf8_lossy(&server.received.lock().unwrap()).contains("Bearer good-token"));
}

#[tokio::test]
async fn a_server_that_does_not_prove_itself_gets_nothing() {
    let server = TlsServer::start().await;
    let provider = one_step(&format!("url = \"https://127.0.0.1:{}/me\"", server.port));
    let (verdict, steps) = run(loopback(), &provider, &[("token", "good-token")]).await;
    let verdict = verdict.unwrap();
    assert_eq!(verdict.code, TestCode::TlsFailed);
    assert!(matches!(verdict.cause, Some(Cause::Protocol(_))));
    let outcomes: Vec<_> = steps.iter().map(|step| step.outcome).collect();
    assert_eq!(outcomes, [StepOutcome::Ok, StepOutcome::Ok, StepOutcome::Failed, StepOutcome::Skipped]);
    assert!(server.received.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_server_that_hangs_up_or_is_silent_in_the_handshake_says_nothing_of_its_tls() {
    for (behaviour, code) in
        [(Behaviour::HangUp, TestCode::ProviderError), (Behaviour::Silent, TestCode::Timeout)]
    {
        let server = Server::behaving(vec![behaviour]).await;
        let provider = one_step(&format!("url = \"https://127.0.0.1:{}/me\"", server.port));
        let (verdict, steps) = run(loopback(), &provider, &[("token", "good-token")]).await;
        let verdict = verdict.unwrap();
        assert_eq!(verdict.code, code, "{:?}", verdict.cause);
        assert_eq!((steps[1].outcome, steps[2].outcome), (StepOutcome::Ok, StepOutcome::Failed));
    }
}
