use crate::spelled::spelled;

spelled! {
    /// Where a credential is in its life.
    CredentialStatus, "must be one of: pending, unverified, validated, rejected, needs_reauth":
    /// An OAuth flow has begun and nobody has confirmed it.
    Pending => "pending",
    /// Stored, and not tested since.
    Unverified => "unverified",
    /// The provider accepted it at its last test.
    Validated => "validated",
    /// The provider refused it at its last test.
    Rejected => "rejected",
    /// Its grant is gone; a person has to authorise again.
    NeedsReauth => "needs_reauth",
}
