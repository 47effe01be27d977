//! Runs the steps of a test.

use std::borrow::Cow;
use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use strongroom_declared_http::{Declarations, HttpStep, HttpTest, Refusal, Values};
use strongroom_domain::{Facts, Provider, TestCode};
use strongroom_egress::{
    Answer, CheckedStream, ConnectError, Destination, Egress, Purpose, Session, TlsStream,
};
use strongroom_environment::Clock;
use strongroom_provider_tester::{Cause, Progress, ProviderTester, TestError, TestSubject, Verdict};
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use crate::answer::Reading;
use crate::request::{Prepared, prepare};

/// How long one request and its answer may take, counted from the end of the handshake.
const EXCHANGE_LIMIT: Duration = Duration::from_secs(5);

/// Tests credentials by the requests of their provider file.
#[derive(Clone)]
pub struct HttpTester {
    egress: Egress,
    clock: Arc<dyn Clock>,
    declarations: Arc<Declarations>,
}

impl HttpTester {
    /// Makes a tester that connects by this policy and sends what is declared. The clock is for signatures.
    pub fn new(egress: Egress, clock: Arc<dyn Clock>, declarations: Arc<Declarations>) -> Self {
        Self { egress, clock, declarations }
    }
}

#[async_trait]
impl ProviderTester for HttpTester {
    async fn test(&self, subject: Arc<TestSubject>, progress: Arc<Progress>) -> Result<Verdict, TestError> {
        let provider = &*subject.provider;
        let Some(test) = self.declarations.test(&provider.id) else {
            return Ok(Verdict::of(TestCode::InvalidConfig).saying("This provider is not tested over HTTP."));
        };
        let values = Values::for_test(provider, subject.credential_type, &subject.content, test);
        let run = Run { tester: self, provider, values, progress: &progress };
        match run.all(test, &subject).await {
            Ok(verdict) => Ok(verdict),
            Err(Stop::Verdict(verdict)) => Ok(*verdict),
            Err(Stop::Error(error)) => Err(error),
        }
    }
}

/// Why a test ends before its last step is `ok`.
enum Stop {
    Verdict(Box<Verdict>),
    Error(TestError),
}

impl From<Verdict> for Stop {
    fn from(verdict: Verdict) -> Self {
        Self::Verdict(Box::new(verdict))
    }
}

struct Run<'a> {
    tester: &'a HttpTester,
    provider: &'a Provider,
    values: Values<'a>,
    progress: &'a Progress,
}

impl Run<'_> {
    async fn all(&self, test: &HttpTest, subject: &TestSubject) -> Result<Verdict, Stop> {
        let has = |name: &str| self.values.has(name);
        let is_for = |step: &&HttpStep| step.conditions.admit(subject.credential_type, has);
        let steps: Vec<_> = test.steps.iter().filter(is_for).collect();
        let names = steps.iter().map(|step| Cow::Owned(step.name.clone()));
        self.progress
            .announce([Progress::PARSE, Progress::REACH, Progress::HANDSHAKE].into_iter().chain(names));
        let prepared = self.progress.step(Progress::PARSE, ready(self.prepare(&steps))).await?;

        let mut facts = Facts::new();
        match self.send(prepared, &mut facts).await {
            Ok(verdict) => Ok(verdict.with_facts(facts)),
            Err(Stop::Verdict(verdict)) => Err(verdict.with_facts(facts).into()),
            Err(error) => Err(error),
        }
    }

    async fn send(&self, all: Vec<Prepared<'_>>, facts: &mut Facts) -> Result<Verdict, Stop> {
        let session = self.tester.egress.session();
        let mut verdict = self.judged(TestCode::Ok);
        for (index, prepared) in all.into_iter().enumerate() {
            let reached = self.progress.step(Progress::REACH, self.reach(&session, &prepared)).await;
            let tcp = reached.map_err(|stop| if index == 0 { stop } else { after_a_secret(stop) })?;
            let name = Cow::Owned(prepared.step.name.clone());
            verdict = if prepared.target.plain_http {
                self.progress.step(name, self.exchange(tcp, prepared, facts)).await?
            } else {
                let shake = self.shake_hands(tcp, &prepared, facts);
                let stream = self.progress.step(Progress::HANDSHAKE, shake).await?;
                self.progress.step(name, self.exchange(stream, prepared, facts)).await?
            };
        }
        Ok(verdict)
    }

    /// Builds every request before the first one is sent.
    fn prepare<'s>(&self, steps: &[&'s HttpStep]) -> Result<Vec<Prepared<'s>>, Stop> {
        if steps.is_empty() {
            let text = format!("{} has no test for these fields.", self.provider.display_name);
            return Err(Verdict::of(TestCode::InvalidConfig).saying(text).into());
        }
        let now = self.tester.clock.now();
        let prepared = steps.iter().map(|step| prepare(step, &self.values, now));
        let prepared = prepared.collect::<Result<Vec<_>, _>>().map_err(|refusal| refused(&refusal))?;
        let plain = || prepared.iter().filter(|prepared| prepared.target.plain_http);
        if !self.tester.egress.allows_plain_http()
            && let Some(field) = plain().find_map(|prepared| prepared.target.field.as_deref())
        {
            return Err(refused(&Refusal::of(field, "must be an https URL")));
        }
        Ok(prepared)
    }

    async fn reach(&self, session: &Session, prepared: &Prepared<'_>) -> Result<CheckedStream, Stop> {
        let target = &prepared.target;
        if target.plain_http && !self.tester.egress.allows_plain_http() {
            let cause = Cause::Policy("http without tls is not allowed".into());
            return Err(Verdict::of(TestCode::NotReachable).because(cause).into());
        }
        let destination = Destination {
            purpose: Purpose::Http,
            host: &target.host,
            port: target.port,
            port_is_fixed: target.port_is_fixed,
        };
        let unconnected = |error: ConnectError| error.verdict().map_or_else(Stop::Error, Stop::from);
        session.connect(&destination).await.map_err(unconnected)
    }

    async fn shake_hands(
        &self,
        tcp: CheckedStream,
        prepared: &Prepared<'_>,
        facts: &mut Facts,
    ) -> Result<TlsStream<CheckedStream>, Stop> {
        let shaken = strongroom_egress::handshake(tcp, &prepared.target.host, self.tester.egress.tls()).await;
        let (stream, ends_at) =
            shaken.map_err(|error| self.judged(error.code()).because(Cause::Protocol(error.to_string())))?;
        if let Some(text) = ends_at.and_then(in_whole_seconds) {
            facts.insert("tls_certificate_expires_at", text);
        }
        Ok(stream)
    }

    /// Sends the request and reads the answer. It returns `Ok` only for the verdict `ok`, after which a test
    /// goes on.
    async fn exchange<S>(&self, stream: S, prepared: Prepared<'_>, facts: &mut Facts) -> Result<Verdict, Stop>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Prepared { step, request, .. } = prepared;
        let answer = match timeout(EXCHANGE_LIMIT, strongroom_egress::exchange(stream, request)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => {
                let cause = Cause::Protocol(error.to_string());
                return Err(self.judged(TestCode::ProviderError).because(cause).into());
            }
            Err(_) => return Err(self.judged(TestCode::Timeout).into()),
        };
        self.judge(step, &answer, facts)
    }

    fn judge(&self, step: &HttpStep, answer: &Answer, facts: &mut Facts) -> Result<Verdict, Stop> {
        let reading = Reading::of(step, answer.status, &answer.headers, &answer.body);
        let mut verdict = self.judged(reading.code);
        if let Some(doubt) = reading.doubt {
            verdict = verdict.saying(doubt.message(&self.provider.display_name));
            verdict.hint = Some(doubt.hint().into());
        } else if let Some(rule) = reading.rule {
            verdict.message = rule.message.clone().map(Cow::Owned).or(verdict.message);
            verdict.hint = rule.hint.clone().map(Cow::Owned).or(verdict.hint);
        }
        if matches!(reading.code, TestCode::Ok | TestCode::Insufficient) {
            facts.extend(reading.facts(step, self.values.secrets()));
        } else {
            let class = answer.status.as_u16() / 100;
            verdict.cause = Some(Cause::Protocol(format!("an answer of the class {class}xx")));
        }
        if reading.code == TestCode::Ok { Ok(verdict) } else { Err(verdict.into()) }
    }

    /// A verdict whose message names the provider.
    fn judged(&self, code: TestCode) -> Verdict {
        let name = &self.provider.display_name;
        let verdict = Verdict::of(code);
        match code {
            TestCode::Ok => verdict.saying(format!("{name} accepted the credential.")),
            TestCode::Insufficient => {
                verdict.saying(format!("{name} accepted the credential, which lacks a permission."))
            }
            TestCode::AuthRejected => verdict.saying(format!("{name} refused the credential.")),
            TestCode::InvalidConfig => verdict.saying(format!("The settings do not fit {name}.")),
            TestCode::Timeout => verdict.saying(format!("{name} was reached but did not answer in time.")),
            TestCode::ProviderError => verdict
                .saying(format!("{name} answered with an error that says nothing about the credential.")),
            TestCode::RateLimited => verdict.saying(format!("{name} asks for fewer requests.")),
            TestCode::HostKeyMismatch | TestCode::TlsFailed | TestCode::NotReachable => verdict,
        }
    }
}

/// Turns an error into a verdict. An error promises that nothing was sent, which is no longer true after the
/// first request.
fn after_a_secret(stop: Stop) -> Stop {
    let Stop::Error(error) = stop else { return stop };
    let text = match error {
        TestError::DestinationLimit { .. } => {
            "The destination of a later request has been tested too often from this vault."
        }
        TestError::Unavailable => "The tests of a later request's destination could not be counted.",
    };
    let cause = Cause::Policy(error.to_string());
    Verdict::of(TestCode::RateLimited).saying(text).because(cause).into()
}

fn refused(refusal: &Refusal) -> Stop {
    let cause = Cause::Protocol("the request cannot be built".into());
    Verdict::of(TestCode::InvalidConfig).saying(refusal.to_string()).because(cause).into()
}

fn in_whole_seconds(time: OffsetDateTime) -> Option<String> {
    let time = time.checked_to_offset(UtcOffset::UTC)?.replace_nanosecond(0).ok()?;
    time.format(&Rfc3339).ok()
}
