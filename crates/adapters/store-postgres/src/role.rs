use strongroom_repository::StoreResult;

use crate::connection::{Connection, RunQueryDsl, current_setting};
use crate::database::Database;

impl Database {
    /// Whether the role that we connect as is a superuser, whom no trigger and no privilege of the schema
    /// holds back.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn is_superuser(&self) -> StoreResult<bool> {
        self.ask(async |connection: &mut Connection| {
            let value: String =
                diesel::select(current_setting("is_superuser")).get_result(connection).await?;
            Ok(value == "on")
        })
        .await
    }
}
