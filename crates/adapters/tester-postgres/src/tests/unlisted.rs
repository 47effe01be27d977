use strongroom_domain::{Facts, TestCode};
use strongroom_provider_tester::Progress;
use tokio::io::AsyncReadExt;

use super::support::Fields;
use crate::settings::Settings;
use crate::talk;

/// Loopback can only be reached when it is listed, so a pipe stands for a server that is not listed.
#[tokio::test]
async fn modes_that_do_without_tls_are_refused_outside_listed_networks_before_a_byte_is_sent() {
    for (sslmode, is_refused) in [
        ("disable", true),
        ("allow", true),
        ("prefer", true),
        ("require", false),
        ("verify-ca", false),
        ("verify-full", false),
    ] {
        let (ours, mut theirs) = tokio::io::duplex(1024);
        let subject = Fields::new(5432).text("sslmode", sslmode).subject();
        let settings = Settings::read(&subject).unwrap_or_else(|verdict| panic!("{verdict:?}"));
        let (progress, mut facts) = (Progress::default(), Facts::new());
        let talking = async {
            let found = talk(ours, false, &settings, &progress, &mut facts).await;
            found.unwrap_err()
        };
        let listening = async {
            let mut first = [0; 1];
            let count = theirs.read(&mut first).await.unwrap();
            drop(theirs);
            count
        };
        let (verdict, received) = tokio::join!(talking, listening);
        if is_refused {
            assert_eq!(verdict.code, TestCode::InvalidConfig, "{sslmode}");
            assert!(verdict.message.as_deref().unwrap().contains("sslmode"), "{sslmode}");
        } else {
            assert_eq!(verdict.code, TestCode::ProviderError, "{sslmode}");
        }
        assert_eq!(received == 0, is_refused, "{sslmode}");
        let progress = progress.steps();
        assert_eq!(progress.last().map(|step| step.name.as_ref()), Some("handshake"), "{sslmode}");
    }
}
