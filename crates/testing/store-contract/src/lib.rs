//! The MUSTs of the repository ports as tests that every store runs.
//!
//! # To run them against a store
//! Write an async function that gives a fresh, empty, migrated store per call, and hand it to
//! [`contract_tests!`] in an integration test. The test crate needs `tokio` itself.
//!
//! ```text
//! async fn make_store() -> StoreUnderTest { … }
//! strongroom_store_contract::contract_tests!(make_store);
//! ```
//!
//! # To add a MUST
//! Write it in a port's documentation, then as a `pub async fn(store: StoreUnderTest)` in the module of its
//! aggregate, named as a sentence, and add that name to the list in [`contract_tests!`]; a test here
//! compares the two.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a broken promise is shown by a panicking test")]

pub mod accounts;
pub mod atomicity;
pub mod audit;
pub mod completions;
pub mod concurrency;
pub mod credentials;
pub mod deployment;
pub mod destinations;
pub mod differential;
pub mod findings;
pub mod flow_races;
pub mod flows;
pub mod integration_races;
pub mod integrations;
pub mod isolation;
pub mod lease_model;
pub mod lease_races;
pub mod leases;
pub mod listing;
pub mod oauth_apps;
pub mod organization_keys;
pub mod quota;
mod under_test;

pub use under_test::{Instance, StoreUnderTest};

/// Expands to one test per contract. `$make` names an `async fn() -> StoreUnderTest` in scope.
#[macro_export]
macro_rules! contract_tests {
    ($make:ident) => {
        $crate::contract_tests! { @module $make isolation:
            credentials_of_another_organization_do_not_exist,
            credentials_of_another_organization_cannot_be_changed,
            accounts_of_another_organization_do_not_exist,
            keys_of_another_organization_cannot_be_changed,
            audit_and_settings_of_another_organization_do_not_show,
            slots_ids_and_quotas_are_per_organization,
            connections_of_another_organization_do_not_exist,
            apps_of_another_organization_do_not_exist,
            flows_of_another_organization_do_not_exist,
            leases_of_another_organization_do_not_exist,
        }
        $crate::contract_tests! { @module $make credentials:
            every_column_comes_back_as_it_was_stored,
            a_held_slot_and_a_used_id_are_duplicates,
            a_deleted_credential_frees_its_slot,
            replacing_changes_what_may_change_and_nothing_else,
            replacing_with_a_payload_changes_that_too,
            relabelling_changes_the_labels_and_nothing_else,
            replacing_needs_the_expected_revision_and_version,
            a_deleted_credential_is_never_revived_by_a_late_writer,
            deleting_needs_the_expected_revision,
            reads_are_noted_and_never_go_back,
            a_counter_beyond_63_bits_is_never_stored_and_never_found,
        }
        $crate::contract_tests! { @module $make findings:
            a_finding_with_a_status_sets_status_and_reason_and_nothing_else,
            a_finding_without_a_status_keeps_status_and_reason,
            a_finding_about_another_version_is_dropped,
            a_finding_about_what_is_gone_is_dropped,
            a_finding_outlives_edits_of_the_metadata,
            a_finding_racing_a_new_payload_never_describes_it,
            a_finding_racing_an_edit_stops_neither,
            parallel_findings_are_all_recorded,
        }
        $crate::contract_tests! { @module $make listing:
            credentials_come_newest_first_and_in_pages,
            every_filter_narrows_the_list,
            filters_combine,
            reach_limits_the_list,
            many_sealed_credentials_come_at_once,
            the_holders_of_many_slots_come_at_once,
        }
        $crate::contract_tests! { @module $make integrations:
            every_column_of_a_connection_comes_back_with_its_credential,
            a_provider_is_connected_once,
            a_connection_needs_a_credential_of_its_organization_and_provider,
            a_connection_needs_the_version_and_status_that_were_seen,
            disconnecting_leaves_the_credential_and_who_connected_it,
            a_provider_is_connected_again_with_a_new_id,
            a_late_disconnect_leaves_a_later_connection_alone,
            deleting_a_credential_disconnects_what_uses_it,
            deleting_an_unused_credential_disconnects_nothing,
            a_connection_is_not_touched_by_what_is_refused_or_not_recorded,
            connections_are_listed_by_provider,
        }
        $crate::contract_tests! { @module $make integration_races:
            of_parallel_connects_one_wins,
            of_parallel_disconnects_one_is_recorded,
            a_connect_racing_a_delete_never_outlives_the_credential,
            a_connect_racing_a_change_comes_before_it_or_not_at_all,
            connections_racing_their_ends_follow_one_another,
        }
        $crate::contract_tests! { @module $make oauth_apps:
            every_column_of_an_app_comes_back,
            an_organization_has_one_app_of_a_name,
            of_parallel_apps_of_one_name_one_is_stored,
            replacing_an_app_changes_client_and_secret_and_nothing_else,
            deleting_an_app_leaves_its_credentials,
            an_app_is_not_touched_without_its_event,
        }
        $crate::contract_tests! { @module $make organization_keys:
            a_key_belongs_to_its_organization_and_uses_its_root,
            an_organization_gets_one_first_key,
            a_lost_key_is_not_made_anew,
        }
        $crate::contract_tests! { @module $make flows:
            every_column_of_a_flow_comes_back,
            a_state_is_used_once,
            an_organization_has_so_many_flows_under_way,
            a_principal_has_so_many_flows_under_way,
            a_grant_needs_a_flow_that_was_taken,
            a_granted_credential_is_pending_and_counted,
            a_flow_is_over_after_ten_minutes,
            flows_that_are_over_come_oldest_first,
            a_flow_is_not_touched_without_its_event,
        }
        $crate::contract_tests! { @module $make completions:
            completing_a_flow_makes_its_credential_usable,
            completing_needs_the_code_the_version_and_a_pending_credential,
            a_credential_that_is_authorised_again_gets_a_new_payload,
            completing_connects_a_provider_that_is_not_connected,
            abandoning_a_flow_removes_its_pending_credential,
            a_deleted_credential_is_not_completed,
        }
        $crate::contract_tests! { @module $make flow_races:
            of_parallel_takes_one_gets_the_flow,
            of_parallel_begins_exactly_the_limit_succeed,
            of_parallel_completions_one_ends_the_flow,
            a_completion_racing_an_abandonment_leaves_one_of_both,
            a_grant_racing_an_abandonment_leaves_nothing,
            a_delete_racing_the_end_of_a_flow_stays_deleted,
        }
        $crate::contract_tests! { @module $make leases:
            a_lease_is_held_until_it_ends,
            a_failed_attempt_sets_the_time_of_the_next,
            a_wait_can_be_ended,
            an_interruption_stays_on_record,
            attempts_for_an_older_version_are_forgotten,
            a_refresh_is_stored_with_what_it_brings_and_nothing_else,
            a_refresh_ends_the_need_to_authorise_again,
            a_late_answer_is_stored_unless_the_version_has_moved,
            a_deleted_credential_is_not_refreshed,
            a_problem_is_noted_once,
            what_is_due_comes_longest_due_first,
            what_is_due_comes_in_turns,
            what_is_held_or_not_yet_to_be_tried_is_not_due,
            a_refresh_is_not_stored_without_its_event,
            a_replacement_that_was_read_before_a_refresh_is_stale,
        }
        $crate::contract_tests! { @module $make lease_model:
            leases_are_what_their_model_says,
        }
        $crate::contract_tests! { @module $make lease_races:
            of_parallel_acquires_one_gets_the_lease,
            of_parallel_answers_one_is_stored,
            an_acquire_racing_a_store_never_refreshes_again,
            a_delete_racing_a_refresh_stays_deleted,
            a_rename_racing_a_refresh_loses_neither,
        }
        $crate::contract_tests! { @module $make quota:
            parallel_inserts_stop_exactly_at_the_quota,
            an_organization_may_have_a_limit_of_its_own,
            a_lowered_limit_keeps_what_is_stored,
            deleting_gives_the_place_back,
            refused_inserts_take_no_place,
        }
        $crate::contract_tests! { @module $make accounts:
            every_column_of_an_account_comes_back,
            accounts_come_newest_first_and_in_pages,
            replacing_needs_the_time_that_was_read,
            every_column_of_a_key_comes_back_with_its_account,
            keys_come_newest_first,
            keys_of_one_time_come_by_descending_id,
            a_key_needs_its_account,
            deleting_an_account_ends_its_keys,
            a_revoked_key_is_gone,
            a_key_id_is_given_out_once,
            uses_of_keys_are_noted,
        }
        $crate::contract_tests! { @module $make audit:
            every_column_of_an_event_comes_back,
            each_organization_has_its_own_gapless_chain,
            one_batch_may_span_organizations,
            two_events_of_one_mutation_keep_their_order,
            the_system_organization_has_a_chain,
            queries_filter_and_page,
            queries_filter_by_time,
            a_range_goes_upwards_from_a_place,
            a_place_beyond_63_bits_is_behind_every_record,
            heads_are_listed_by_organization,
            heads_are_listed_by_time_of_change,
            an_event_that_cannot_be_authenticated_is_not_recorded,
        }
        $crate::contract_tests! { @module $make atomicity:
            every_mutation_records_its_event,
            a_mutation_that_was_refused_leaves_no_event,
            a_credential_is_not_stored_without_its_event,
            a_credential_is_not_changed_or_deleted_without_its_event,
            an_account_is_not_touched_without_its_event,
        }
        $crate::contract_tests! { @module $make concurrency:
            chains_stay_gapless_under_parallel_writers,
            skipped_events_are_not_recorded,
            of_parallel_replacements_one_wins,
            a_delete_racing_a_replacement_stays_deleted,
            one_slot_has_one_winner,
            opposite_batches_do_not_deadlock,
        }
        $crate::contract_tests! { @module $make deployment:
            the_deployment_has_one_id,
            the_first_kek_is_primary,
            a_known_kek_is_left_alone,
            of_parallel_first_keks_one_is_primary,
            what_a_kek_wraps_is_counted,
            every_column_of_a_purpose_key_comes_back,
            a_purpose_gets_one_first_key,
            wraps_are_reserved_up_to_the_limit,
            parallel_reservations_never_overlap_or_pass_the_limit,
            the_stores_clock_goes_forward,
            a_fresh_store_is_fully_migrated,
            a_look_whether_it_can_be_written_changes_nothing,
        }
        $crate::contract_tests! { @module $make destinations:
            of_parallel_takes_exactly_the_limit_succeed,
            a_place_comes_free_when_its_own_window_has_passed,
            no_window_holds_more_than_the_limit_in_real_time,
            a_refused_attempt_counts_nothing,
            a_take_that_is_given_back_is_free_again,
            every_destination_has_a_limit_of_its_own,
            a_changed_limit_counts_what_was_taken,
            only_destinations_that_nobody_tested_of_late_are_forgotten,
            takes_racing_a_forget_stay_exact,
            a_clock_that_was_set_back_blocks_nobody_for_long,
        }
    };
    (@module $make:ident $module:ident: $($contract:ident,)+) => {
        mod $module {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $contract() {
                    $crate::$module::$contract(super::$make().await).await;
                }
            )+
        }
    };
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_contract_is_in_the_list() {
        let list = include_str!("lib.rs");
        let modules = [
            include_str!("accounts.rs"),
            include_str!("atomicity.rs"),
            include_str!("audit.rs"),
            include_str!("completions.rs"),
            include_str!("concurrency.rs"),
            include_str!("credentials.rs"),
            include_str!("deployment.rs"),
            include_str!("destinations.rs"),
            include_str!("findings.rs"),
            include_str!("flow_races.rs"),
            include_str!("flows.rs"),
            include_str!("integration_races.rs"),
            include_str!("integrations.rs"),
            include_str!("isolation.rs"),
            include_str!("lease_races.rs"),
            include_str!("leases.rs"),
            include_str!("listing.rs"),
            include_str!("oauth_apps.rs"),
            include_str!("quota.rs"),
        ];
        for function in modules.iter().flat_map(|module| module.split("pub async fn ").skip(1)) {
            let name = function.split('(').next().unwrap();
            assert!(list.contains(&format!("            {name},\n")), "{name} is not run by any store");
        }
    }
}
