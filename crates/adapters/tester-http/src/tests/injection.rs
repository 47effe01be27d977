use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use strongroom_domain::TestCode;

use super::building::hostile_text;
use super::provider::{RULES, loopback, provider, run};
use super::server::{Server, content_length};

/// How many texts are tried in each place.
const CASES: usize = 64;

#[tokio::test]
async fn whatever_the_fields_hold_a_server_reads_exactly_one_request() {
    let server = Server::answering(["HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"]).await;
    let provider = provider(&format!(
        r#"
        [[test.step]]
        needs = ["plan", "second", "path"]
        method = "POST"
        url = "http://127.0.0.1:{}/v1/{{plan}}"
        query = {{ second = "{{second}}" }}
        headers = {{ X-Token = "{{token}}", "X-{{path}}" = "a" }}
        form = {{ token = "{{token}}" }}
        {RULES}
        "#,
        server.port
    ));
    let mut runner = TestRunner::default();
    let mut sent = 0;
    for _ in 0..CASES {
        let mut text = || hostile_text().new_tree(&mut runner).unwrap().current();
        for field in ["plan", "second", "token", "path"] {
            let text = text();
            let mut fields = vec![("plan", "a"), ("second", "b"), ("token", "c"), ("path", "d")];
            fields.iter_mut().filter(|(name, _)| *name == field).for_each(|(_, value)| *value = &text);
            let (verdict, _) = run(loopback(), &provider, &fields).await;
            match verdict.unwrap().code {
                TestCode::Ok => sent += 1,
                code => assert_eq!(code, TestCode::InvalidConfig),
            }
        }
    }
    let received = server.received();
    assert_eq!(received.len(), sent);
    assert!(sent > CASES, "{sent}");
    for request in received {
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        assert_eq!(content_length(head), body.len(), "{request:?}");
        let mut lines = head.split("\r\n");
        let first: Vec<_> = lines.next().unwrap().split(' ').collect();
        assert_eq!((first.len(), first[0], first[2]), (3, "POST", "HTTP/1.1"), "{request:?}");
        let names: Vec<_> = lines.map(|line| line.split_once(": ").unwrap().0).collect();
        assert_eq!(names.len(), 8, "{request:?}");
        assert!(!head.replace("\r\n", "").contains(['\r', '\n', '\0']), "{request:?}");
    }
}
