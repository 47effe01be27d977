/// A method of a repository port. Calls are counted and faults are set by method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each variant is the method that it names, in the order of its port")]
pub enum Call {
    // CredentialRepository
    InsertCredential,
    FindCredential,
    ListCredentials,
    FindSealed,
    FindSealedMany,
    FindSealedSlots,
    ReplaceCredential,
    RecordTest,
    DeleteCredential,
    NoteReads,
    // IntegrationRepository
    Connect,
    Disconnect,
    FindIntegration,
    ListIntegrations,
    // ServiceAccountRepository
    InsertAccount,
    FindAccount,
    ListAccounts,
    ReplaceAccount,
    DeleteAccount,
    InsertKey,
    ListKeys,
    DeleteKey,
    FindKey,
    NoteUses,
    // OrganizationRepository
    SetLimit,
    FindLimit,
    QuotaDrift,
    // AuthorizationFlowRepository
    BeginFlow,
    TakeFlow,
    GrantFlow,
    FindGranted,
    CompleteFlow,
    AbandonFlow,
    ExpiredFlows,
    // OauthAppRepository
    InsertApp,
    FindApp,
    FindAppNamed,
    ListApps,
    ReplaceApp,
    DeleteApp,
    // RefreshLeaseRepository
    AcquireLease,
    EndWait,
    StoreRefreshed,
    FailLease,
    NoteProblem,
    DueRefreshes,
    // AuditTrail
    AppendEvents,
    QueryAudit,
    AuditRange,
    AuditHead,
    AuditHeads,
    Headless,
    // DestinationLimitRepository
    TakeDestination,
    GiveBackDestination,
    ForgetDestinations,
    // OrganizationKeyRepository
    OrganizationKeys,
    InsertFirstOrganizationKey,
    // DeploymentRepository and WrapLedger
    DeploymentId,
    Keks,
    RegisterKek,
    PurposeKeys,
    InsertFirstPurposeKey,
    Now,
    MigrationsCurrent,
    CheckWritable,
    ChangedTriggers,
    PurposeKeysInUse,
    ReserveWraps,
}
