//! Says what a server and this vault do not have in common, in names that this file knows.

use russh::AlgorithmKind;

/// Algorithms that servers offer and that this vault does not use. Other names are not repeated, because they
/// are text of the server.
const KNOWN: [&str; 48] = [
    "diffie-hellman-group1-sha1",
    "diffie-hellman-group14-sha1",
    "diffie-hellman-group-exchange-sha1",
    "sntrup761x25519-sha512",
    "sntrup761x25519-sha512@openssh.com",
    "curve448-sha512",
    "rsa1024-sha1",
    "rsa2048-sha256",
    "ssh-rsa",
    "ssh-dss",
    "ssh-ed448",
    "ssh-rsa-cert-v01@openssh.com",
    "ssh-ed25519-cert-v01@openssh.com",
    "rsa-sha2-256-cert-v01@openssh.com",
    "rsa-sha2-512-cert-v01@openssh.com",
    "ecdsa-sha2-nistp256-cert-v01@openssh.com",
    "x509v3-ssh-rsa",
    "x509v3-sign-rsa",
    "3des-cbc",
    "3des-ctr",
    "aes128-cbc",
    "aes192-cbc",
    "aes256-cbc",
    "rijndael-cbc@lysator.liu.se",
    "blowfish-cbc",
    "blowfish-ctr",
    "twofish-cbc",
    "twofish128-cbc",
    "twofish256-cbc",
    "cast128-cbc",
    "idea-cbc",
    "serpent256-cbc",
    "camellia256-cbc",
    "des-cbc",
    "arcfour",
    "arcfour128",
    "arcfour256",
    "none",
    "hmac-sha1",
    "hmac-sha1-96",
    "hmac-sha1-etm@openssh.com",
    "hmac-md5",
    "hmac-md5-96",
    "hmac-md5-etm@openssh.com",
    "hmac-ripemd160",
    "umac-64@openssh.com",
    "umac-64-etm@openssh.com",
    "umac-128@openssh.com",
];

/// Markers in lists of key exchanges that are none.
const MARKERS: [&str; 3] = ["ext-info-c", "kex-strict-c-v00@openssh.com", "kex-strict-c"];

/// The message and the hint for a server with which no algorithm of a kind is in common.
pub(crate) fn nothing_in_common(
    kind: &AlgorithmKind,
    ours: &[String],
    theirs: &[String],
) -> (String, String) {
    let kind = match kind {
        AlgorithmKind::Kex => "key exchange",
        AlgorithmKind::Key => "kind of host key",
        AlgorithmKind::Cipher => "cipher",
        AlgorithmKind::Mac => "message authentication code",
        AlgorithmKind::Compression => "compression",
    };
    let mut offered: Vec<&str> = Vec::new();
    for name in theirs {
        let known = KNOWN.into_iter().find(|known| known == name);
        offered.extend(known.filter(|known| !offered.contains(known)));
    }
    let offered = match offered.as_slice() {
        [] => String::new(),
        names => format!(" It offers {}.", names.join(", ")),
    };
    let ours: Vec<&str> = ours.iter().map(String::as_str).filter(|name| !MARKERS.contains(name)).collect();
    (
        format!("The server offers no {kind} that this vault speaks.{offered}"),
        format!("Enable one of these on the server: {}.", ours.join(", ")),
    )
}
