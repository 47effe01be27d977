//! Tests of private keys in every form that OpenSSH and OpenSSL write, and of keys that must be refused
//! because of their cost.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use strongroom_domain::SecretText;
use strongroom_environment::{KeyFileReader, KeyFileRefused};
use strongroom_environment_system::RusshKeyFiles;

const PASSPHRASE: &str = "open sesame";

const PLAIN: [&str; 10] = [
    // Its scalar begins with a zero.
    "ec-putty.pem",
    "ed25519",
    "ed25519-pkcs8.pem",
    "ecdsa-256",
    "ec-sec1.pem",
    "ec-pkcs8.pem",
    "ec-parameters.pem",
    "rsa-3072-openssh",
    "rsa-3072.pem",
    "rsa-3072-pkcs8.pem",
];

const ENCRYPTED: [&str; 27] = [
    "ec-pkcs8-pkcs12-3des.pem",
    "rsa-3072-pkcs8-pkcs12-3des.pem",
    "ec-putty-passphrase.pem",
    "ed25519-passphrase",
    "ed25519-passphrase-gcm",
    "ed25519-passphrase-chacha",
    "ecdsa-521-passphrase",
    "ed25519-3des-cbc",
    "ed25519-aes128-cbc",
    "ed25519-aes192-cbc",
    "ed25519-aes256-cbc",
    "ed25519-aes128-ctr",
    "ed25519-aes192-ctr",
    "ed25519-aes128-gcm",
    "rsa-3072-legacy.pem",
    "rsa-3072-legacy-3des.pem",
    "ec-legacy.pem",
    "ec-legacy-3des.pem",
    "ec-legacy-aes192.pem",
    "ec-legacy-aes256.pem",
    "ec-parameters-legacy.pem",
    "rsa-3072-pkcs8-pbkdf2.pem",
    "rsa-3072-pkcs8-scrypt.pem",
    "ec-pkcs8-3des.pem",
    "ec-pkcs8-3des-sha1.pem",
    "ec-pkcs8-sha1.pem",
    "ec-pkcs8-sha512.pem",
];

const BOMBS: [&str; 10] = [
    "bomb-argon2.ppk",
    "bomb-bcrypt-2-31",
    "bomb-bcrypt-just-over",
    "bomb-pbkdf2-billion.pem",
    "bomb-pbkdf2-just-over.pem",
    "bomb-rsa-64-kibit.pem",
    "bomb-rsa-64-kibit-pkcs8.pem",
    "bomb-scrypt-just-over.pem",
    "bomb-scrypt-memory.pem",
    "bomb-scrypt-parallel.pem",
];

fn key(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/throwaway-keys");
    std::fs::read_to_string(folder.join(name)).unwrap()
}

async fn check(text: &str, passphrase: Option<&str>) -> Result<(), KeyFileRefused> {
    let passphrase = passphrase.map(|text| SecretText::new(text.to_owned()));
    RusshKeyFiles::new().check(&SecretText::new(text.to_owned()), passphrase.as_ref()).await
}

#[tokio::test]
async fn keys_without_passphrase_are_accepted_and_one_that_comes_along_is_ignored() {
    for name in PLAIN {
        assert_eq!(check(&key(name), None).await, Ok(()), "{name}");
        assert_eq!(check(&key(name), Some(PASSPHRASE)).await, Ok(()), "{name} with passphrase");
        let with_crlf = format!("\n{}\n\n", key(name).replace('\n', "\r\n"));
        assert_eq!(check(&with_crlf, None).await, Ok(()), "{name} with CRLF");
    }
}

#[tokio::test]
async fn an_encrypted_key_opens_with_its_passphrase_alone() {
    for name in ENCRYPTED {
        let text = key(name);
        assert_eq!(check(&text, Some(PASSPHRASE)).await, Ok(()), "{name}");
        assert_eq!(check(&text, Some("open sesame ")).await, Err(KeyFileRefused::PassphraseWrong), "{name}");
        assert_eq!(check(&text, None).await, Err(KeyFileRefused::PassphraseMissing), "{name}");
        assert_eq!(
            check(&text, Some("")).await,
            Err(KeyFileRefused::PassphraseMissing),
            "{name} with empty one"
        );
    }
}

#[tokio::test]
async fn every_bomb_is_refused_at_once_with_and_without_passphrase() {
    for name in BOMBS {
        let expected = match name {
            _ if name.ends_with("ppk") => KeyFileRefused::Unreadable,
            _ if name.contains("-rsa-") => KeyFileRefused::RsaBits,
            _ => KeyFileRefused::Limits,
        };
        for passphrase in [Some(PASSPHRASE), None] {
            let started = Instant::now();
            assert_eq!(check(&key(name), passphrase).await, Err(expected), "{name}");
            assert!(started.elapsed() < Duration::from_millis(2500), "{name}: {:?}", started.elapsed());
        }
    }
}

#[tokio::test]
async fn a_key_at_the_limits_opens() {
    assert_eq!(check(&key("ed25519-passphrase-256-rounds"), Some(PASSPHRASE)).await, Ok(()));
    let outcome = check(&key("bomb-pbkdf2-at-limit.pem"), Some(PASSPHRASE)).await;
    assert_eq!(outcome, Err(KeyFileRefused::PassphraseWrong));
}

#[tokio::test]
async fn many_dear_keys_at_once_leave_the_callers_thread_free_and_each_is_answered_in_time() {
    let started = Instant::now();
    let reader = Arc::new(RusshKeyFiles::new());
    let opening: Vec<_> = (0..16)
        .map(|_| {
            let reader = Arc::clone(&reader);
            tokio::spawn(async move {
                let (key, passphrase) =
                    (SecretText::new(key("bomb-pbkdf2-at-limit.pem")), SecretText::new("x".into()));
                reader.check(&key, Some(&passphrase)).await
            })
        })
        .collect();
    // If a key were opened on this thread, the loop would run once for each key and not thousands of times.
    let mut turns = 0_u64;
    while !opening.iter().all(tokio::task::JoinHandle::is_finished) {
        tokio::task::yield_now().await;
        turns += 1;
    }
    assert!(turns > 1_000, "{turns} turns");
    assert!(started.elapsed() < Duration::from_millis(12_500), "{:?}", started.elapsed());
    let honest = [KeyFileRefused::PassphraseWrong, KeyFileRefused::Busy, KeyFileRefused::TooSlow];
    for outcome in opening {
        let refused = outcome.await.unwrap().unwrap_err();
        assert!(honest.contains(&refused), "{refused:?}");
    }
}

#[tokio::test]
async fn rsa_keys_below_2048_bit_are_refused() {
    for name in ["rsa-1024-openssh", "rsa-1024.pem", "rsa-1024-pkcs8-pbkdf2.pem"] {
        assert_eq!(check(&key(name), Some(PASSPHRASE)).await, Err(KeyFileRefused::RsaBits), "{name}");
    }
}

#[tokio::test]
async fn keys_that_clients_cannot_use_or_that_are_not_opened_here_are_called_what_they_are() {
    for (name, what) in [
        ("dsa", KeyFileRefused::Dsa),
        ("dsa.pem", KeyFileRefused::Dsa),
        ("dsa-pkcs8.pem", KeyFileRefused::Dsa),
        ("ed25519-sk", KeyFileRefused::SecurityKey),
        ("ed448-pkcs8.pem", KeyFileRefused::Kind),
        ("ec-secp256k1.pem", KeyFileRefused::Kind),
        ("rsa-2048-pkcs8-md5-des.pem", KeyFileRefused::Encryption),
        ("ec-pkcs8-camellia.pem", KeyFileRefused::Encryption),
        ("ec-legacy-camellia.pem", KeyFileRefused::Encryption),
        ("rsa-3072-public.pem", KeyFileRefused::Unreadable),
        ("README.md", KeyFileRefused::Unreadable),
    ] {
        for passphrase in [Some(PASSPHRASE), Some("another"), None] {
            assert_eq!(check(&key(name), passphrase).await, Err(what), "{name}");
        }
    }
    let rare = key("ed25519-aes128-ctr").replacen(
        "b3BlbnNzaC1rZXktdjEAAAAACmFlczEyOC1jdHI",
        "b3BlbnNzaC1rZXktdjEAAAAACmFyY2ZvdXI1MTI",
        1,
    );
    assert_eq!(check(&rare, Some(PASSPHRASE)).await, Err(KeyFileRefused::Encryption));
}

#[tokio::test]
async fn garbage_is_unreadable() {
    let good = key("ed25519");
    let other = key("ec-pkcs8.pem");
    let body = good.lines().nth(1).unwrap();
    for text in [
        String::new(),
        "\n\n".to_owned(),
        "not a key".to_owned(),
        good.trim_end().trim_end_matches('-').to_owned(),
        good.replace("OPENSSH PRIVATE KEY", "PRIVATE KEY"),
        good.replace("BEGIN OPENSSH", "BEGIN RSA"),
        good.replace(body, ""),
        good.replace(body, &format!("{body}\n# a comment")),
        good.replace(body, &body.replace('A', "B")),
        good.replace("-----END", "-----BEGIN RSA PRIVATE KEY-----\n-----END"),
        format!("{good}{other}"),
        format!("{other}\ntrailing text"),
        format!("leading text\n{other}"),
        format!("DEK-Info: AES-128-CBC,00\n{other}"),
        "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n".to_owned(),
    ] {
        assert_eq!(check(&text, None).await, Err(KeyFileRefused::Unreadable), "{text}");
    }
}

#[tokio::test]
async fn noise_that_looks_like_padding_is_still_a_wrong_passphrase() {
    for name in ["rsa-3072-legacy.pem", "ec-legacy-3des.pem"] {
        for number in 0..1_000 {
            let wrong = format!("guess {number}");
            let outcome = check(&key(name), Some(&wrong)).await;
            assert_eq!(outcome, Err(KeyFileRefused::PassphraseWrong), "{name} {wrong}");
        }
    }
}

#[tokio::test]
async fn a_legacy_key_with_a_broken_header_is_unreadable() {
    for iv in ["zz", "", "00", "00112233445566778899aabbccddeeff00"] {
        let text = format!(
            "-----BEGIN RSA PRIVATE KEY-----\nDEK-Info: AES-128-CBC,{iv}\n\nAAAA\n-----END RSA PRIVATE KEY-----"
        );
        assert_eq!(check(&text, Some(PASSPHRASE)).await, Err(KeyFileRefused::Unreadable), "{iv}");
    }
}

#[tokio::test]
async fn text_beyond_32_kib_is_refused_unread() {
    let long = format!("{}{}", key("ed25519"), "\n".repeat(32 * 1024));
    assert_eq!(check(&long, None).await, Err(KeyFileRefused::Limits));
}
