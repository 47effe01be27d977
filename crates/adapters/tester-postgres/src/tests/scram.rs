use strongroom_domain::TestCode;
use tokio::time::Instant;

use super::hostile::{after_startup, play, sends};
use super::script::{Act, authentication, welcome};

fn scram(next: fn(&str) -> String, then: Vec<Act>) -> Vec<Act> {
    let mechanisms = authentication(10, b"SCRAM-SHA-256\0\0");
    let begin = [Act::Send(mechanisms), Act::Message, Act::Scram(next)];
    after_startup(begin.into_iter().chain(then))
}

#[tokio::test]
async fn scram_is_not_turned_against_the_client() {
    let signature = authentication(12, b"v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    let good = |nonce: &str| format!("r={nonce}more,s=c2FsdA==,i=4096");
    let ends = vec![Act::Message, Act::Send([signature, welcome()].concat()), Act::Hang];
    let began = Instant::now();
    for (name, acts) in [
        ("2^31 iterations", scram(|nonce| format!("r={nonce}more,s=c2FsdA==,i=2147483648"), vec![Act::Hang])),
        ("2^32 iterations", scram(|nonce| format!("r={nonce}more,s=c2FsdA==,i=4294967296"), vec![Act::Hang])),
        ("a million iterations", scram(|nonce| format!("r={nonce}m,s=c2FsdA==,i=1000001"), vec![Act::Hang])),
        ("a nonce of its own", scram(|_| "r=canary,s=c2FsdA==,i=4096".into(), vec![Act::Hang])),
        ("no nonce", scram(|_| "r=,s=c2FsdA==,i=4096".into(), vec![Act::Hang])),
        ("no salt", scram(|nonce| format!("r={nonce}more,s=,i=4096"), ends.clone())),
        ("no words", scram(|_| String::new(), vec![Act::Hang])),
        (
            "an endless salt",
            scram(|nonce| format!("r={nonce}m,s={},i=1", "A".repeat(65_536)), vec![Act::Hang]),
        ),
        ("a false signature", scram(good, ends)),
        ("no signature", scram(good, vec![Act::Message, Act::Send(welcome()), Act::Hang])),
        ("an end before the beginning", sends(authentication(12, b"v=AAAA"))),
        ("no mechanism", sends(authentication(10, b"\0"))),
        ("no end of mechanisms", sends(authentication(10, b"SCRAM"))),
    ] {
        let (report, _) = play(name, "disable", acts).await;
        let found = (report.code(), report.failed_step());
        assert_eq!(found, (TestCode::ProviderError, Some("login")), "{name} {report:?}");
    }
    assert!(began.elapsed().as_secs() < 5, "took {:?}", began.elapsed());
}

#[tokio::test]
async fn more_rounds_than_the_limit_are_named_and_as_many_are_computed() {
    let end = || vec![Act::Message, Act::Send(welcome()), Act::Hang];
    for (rounds, acts) in [
        (100_001, scram(|nonce| format!("r={nonce}m,s=c2FsdA==,i=100001"), vec![Act::Hang])),
        (600_000, scram(|nonce| format!("r={nonce}m,s=c2FsdA==,i=600000"), vec![Act::Hang])),
        (100_000, scram(|nonce| format!("r={nonce}m,s=c2FsdA==,i=100000"), end())),
        (1, scram(|nonce| format!("r={nonce}m,s=c2FsdA==,i=1"), end())),
    ] {
        let (report, _) = play("rounds", "disable", acts).await;
        assert_eq!(report.code(), TestCode::ProviderError, "{rounds} {report:?}");
        let is_named = report.verdict.message.as_deref().unwrap().contains("rounds of SCRAM");
        assert_eq!(is_named, rounds > 100_000, "{rounds} {report:?}");
    }
}
