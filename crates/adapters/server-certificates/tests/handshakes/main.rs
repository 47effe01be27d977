//! Handshakes in memory, with servers of rustls.

#[cfg(test)]
mod any_certificate;
