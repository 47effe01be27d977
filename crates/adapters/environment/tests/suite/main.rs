//! Tests of what the adapters of this crate promise, through their ports: tokens and private keys.

#[cfg(test)]
mod forge;
#[cfg(test)]
mod jwt_attack_suite;
#[cfg(test)]
mod key_files;
#[cfg(test)]
mod provider_samples;
#[cfg(test)]
mod provider_tokens;
#[cfg(test)]
mod token_claims;
#[cfg(test)]
mod token_rules;
#[cfg(test)]
mod token_settings;
