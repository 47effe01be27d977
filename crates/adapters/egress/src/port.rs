//! Which ports a purpose may use.

use crate::purpose::Purpose;

/// Ports of services in which the server speaks first, or which take commands from any client: mail, caches,
/// container and cluster control, search and document stores. An operator may list them.
const DELICATE: [u16; 17] =
    [25, 110, 143, 465, 587, 993, 995, 2375, 2376, 2379, 2380, 6379, 6443, 9200, 10250, 11211, 27017];

/// Whether a purpose may use a port that neither the operator nor a catalog file names.
pub(crate) fn is_usual(purpose: Purpose, port: u16, plain_http: bool) -> bool {
    let usual = match purpose {
        Purpose::Sftp => port == 22 || port >= 1024,
        Purpose::Postgres | Purpose::InternalPostgres => port >= 1024,
        Purpose::Http | Purpose::Oauth | Purpose::Jwks | Purpose::Webhook => {
            port == 443 || (plain_http && port == 80)
        }
    };
    usual && !DELICATE.contains(&port)
}
