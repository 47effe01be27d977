use std::sync::Arc;

use strongroom_domain::AuditEvent;
use strongroom_repository::{Appended, Contention, StoreResult};

use crate::audit_chain::record;
use crate::connection::Connection;
use crate::store::Store;

/// Appends events in a transaction of their own. It never returns `Skipped`, because there is one writer, and
/// that one locks all chains.
pub(crate) async fn append(
    store: &Store,
    events: &[AuditEvent],
    _contention: Contention,
) -> StoreResult<Vec<Appended>> {
    let (events, keys) = (events.to_vec(), Arc::clone(&store.keys));
    let work = async move |connection: &mut Connection| record(connection, &*keys, &events);
    let places = store.database.alone(work).await?;
    Ok(places.into_iter().map(|seq| Appended::Durable { seq }).collect())
}
