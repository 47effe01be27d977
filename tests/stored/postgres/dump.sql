


SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;


CREATE FUNCTION public.refuse_audit_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'audit_events is append-only' USING ERRCODE = 'insufficient_privilege';
END
$$;


SET default_tablespace = '';

SET default_table_access_method = heap;


CREATE TABLE public.__diesel_schema_migrations (
    version character varying(50) NOT NULL,
    run_on timestamp without time zone DEFAULT CURRENT_TIMESTAMP NOT NULL
);



CREATE TABLE public.api_key_locator (
    key_id text NOT NULL COLLATE pg_catalog."C",
    org_id text NOT NULL COLLATE pg_catalog."C"
);



CREATE TABLE public.api_keys (
    org_id text NOT NULL COLLATE pg_catalog."C",
    key_id text NOT NULL COLLATE pg_catalog."C",
    service_account_id uuid NOT NULL,
    name text NOT NULL,
    digest bytea NOT NULL,
    digest_key uuid NOT NULL,
    expires_at timestamp with time zone,
    last_used_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    created_by text NOT NULL,
    CONSTRAINT api_keys_digest_check CHECK ((octet_length(digest) = 32))
);



CREATE TABLE public.audit_events (
    org_id text NOT NULL COLLATE pg_catalog."C",
    seq bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    action text NOT NULL,
    outcome text NOT NULL,
    actor text NOT NULL,
    authentication text,
    request_id text,
    source_ip text,
    credential_id uuid,
    target text,
    provider text,
    version bigint,
    envelope_digest bytea,
    details text NOT NULL,
    mac_key uuid NOT NULL,
    mac bytea NOT NULL
);



CREATE TABLE public.audit_heads (
    org_id text NOT NULL COLLATE pg_catalog."C",
    seq bigint NOT NULL,
    mac bytea NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT audit_heads_seq_check CHECK ((seq >= 0))
)
WITH (fillfactor='50');



CREATE TABLE public.authorization_flows (
    org_id text NOT NULL COLLATE pg_catalog."C",
    id uuid NOT NULL,
    state_hash bytea NOT NULL,
    stage text NOT NULL,
    provider text NOT NULL COLLATE pg_catalog."C",
    credential_type text NOT NULL,
    oauth_app_id uuid,
    actor text NOT NULL,
    initiator_id text NOT NULL,
    user_id text,
    subject_hash bytea,
    redirect_uri text NOT NULL,
    redirect_to text,
    name text NOT NULL,
    scope text NOT NULL,
    inputs text NOT NULL,
    completion text NOT NULL,
    credential_id uuid NOT NULL,
    reauthorizes bigint,
    connects uuid,
    kek_id bytea NOT NULL,
    envelope bytea NOT NULL,
    completion_hash bytea,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT authorization_flows_completion_hash_check CHECK ((octet_length(completion_hash) = 32)),
    CONSTRAINT authorization_flows_granted CHECK (((stage = 'granted'::text) = (completion_hash IS NOT NULL))),
    CONSTRAINT authorization_flows_stage_check CHECK ((stage = ANY (ARRAY['begun'::text, 'taken'::text, 'granted'::text]))),
    CONSTRAINT authorization_flows_state_hash_check CHECK ((octet_length(state_hash) = 32)),
    CONSTRAINT authorization_flows_subject_hash_check CHECK ((octet_length(subject_hash) = 32))
);



CREATE TABLE public.credential_quota (
    org_id text NOT NULL COLLATE pg_catalog."C",
    provider text NOT NULL COLLATE pg_catalog."C",
    used bigint NOT NULL,
    CONSTRAINT credential_quota_used_check CHECK ((used >= 0))
);



CREATE TABLE public.credentials (
    org_id text NOT NULL COLLATE pg_catalog."C",
    id uuid NOT NULL,
    provider text NOT NULL COLLATE pg_catalog."C",
    credential_type text NOT NULL,
    name text NOT NULL,
    slot text,
    status text NOT NULL,
    status_reason text,
    config text NOT NULL,
    kek_id bytea NOT NULL,
    envelope bytea NOT NULL,
    version bigint NOT NULL,
    revision bigint NOT NULL,
    user_id text,
    google_email text,
    expires_at timestamp with time zone,
    access_token_expires_at timestamp with time zone,
    last_tested_at timestamp with time zone,
    last_test_code text,
    last_read_at timestamp with time zone,
    refreshed_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    created_by text NOT NULL,
    modified_by text NOT NULL,
    refresh_at timestamp with time zone,
    oauth_app_id uuid,
    account_id text,
    account_name text
);



CREATE TABLE public.deployment (
    singleton boolean DEFAULT true NOT NULL,
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    CONSTRAINT deployment_singleton_check CHECK (singleton)
);



CREATE TABLE public.destination_limits (
    destination_hash bytea NOT NULL,
    taken_at timestamp with time zone[] NOT NULL,
    CONSTRAINT destination_limits_destination_hash_check CHECK ((octet_length(destination_hash) = 32))
);



CREATE TABLE public.integrations (
    org_id text NOT NULL COLLATE pg_catalog."C",
    provider text NOT NULL COLLATE pg_catalog."C",
    id uuid NOT NULL,
    credential_id uuid,
    connected_by text NOT NULL,
    connected_at timestamp with time zone NOT NULL
);



CREATE TABLE public.kek_usage (
    kek_id bytea NOT NULL,
    name text NOT NULL,
    check_value bytea NOT NULL,
    reserved bigint DEFAULT 0 NOT NULL,
    is_primary boolean NOT NULL,
    CONSTRAINT kek_usage_check_value_check CHECK ((octet_length(check_value) = 32)),
    CONSTRAINT kek_usage_kek_id_check CHECK ((octet_length(kek_id) = 8)),
    CONSTRAINT kek_usage_reserved_check CHECK ((reserved >= 0))
);



CREATE TABLE public.oauth_apps (
    org_id text NOT NULL COLLATE pg_catalog."C",
    id uuid NOT NULL,
    app text NOT NULL COLLATE pg_catalog."C",
    client_id text NOT NULL,
    kek_id bytea NOT NULL,
    envelope bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    created_by text NOT NULL
);



CREATE TABLE public.oauth_state_locator (
    state_hash bytea NOT NULL,
    org_id text NOT NULL COLLATE pg_catalog."C",
    flow_id uuid NOT NULL,
    CONSTRAINT oauth_state_locator_state_hash_check CHECK ((octet_length(state_hash) = 32))
);



CREATE TABLE public.organization_limits (
    org_id text NOT NULL COLLATE pg_catalog."C",
    credentials_per_provider bigint NOT NULL,
    CONSTRAINT organization_limits_credentials_per_provider_check CHECK ((credentials_per_provider >= 0))
);



CREATE TABLE public.purpose_keys (
    id uuid NOT NULL,
    purpose text NOT NULL,
    kek_id bytea NOT NULL,
    wrapped bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    is_first boolean NOT NULL
);



CREATE TABLE public.refresh_leases (
    org_id text NOT NULL COLLATE pg_catalog."C",
    credential_id uuid NOT NULL,
    version bigint NOT NULL,
    owner uuid,
    held_until timestamp with time zone,
    interrupted boolean NOT NULL,
    failures bigint NOT NULL,
    retry_at timestamp with time zone,
    CONSTRAINT refresh_leases_failures_check CHECK ((failures >= 0)),
    CONSTRAINT refresh_leases_held CHECK (((owner IS NULL) = (held_until IS NULL)))
);



CREATE TABLE public.service_accounts (
    org_id text NOT NULL COLLATE pg_catalog."C",
    id uuid NOT NULL,
    name text NOT NULL,
    description text,
    scopes text[] NOT NULL,
    providers text[],
    credential_ids uuid[],
    status text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    created_by text NOT NULL
);



INSERT INTO public.__diesel_schema_migrations VALUES ('20261121000000', '2026-11-30 11:27:16.822798');
INSERT INTO public.__diesel_schema_migrations VALUES ('20261122000000', '2026-11-30 11:27:16.822798');
INSERT INTO public.__diesel_schema_migrations VALUES ('20261123000000', '2026-11-30 11:27:16.822798');
INSERT INTO public.__diesel_schema_migrations VALUES ('20261124000000', '2026-11-30 11:27:16.822798');



INSERT INTO public.api_key_locator VALUES ('6o2sx6gt6d2x6h7u', 'acme');
INSERT INTO public.api_key_locator VALUES ('4chwsmbqhaf3nmk3', 'acme');
INSERT INTO public.api_key_locator VALUES ('mf5kifopbz4nfzb6', 'acme');
INSERT INTO public.api_key_locator VALUES ('kqr3idov4bfmmq2w', 'acme');
INSERT INTO public.api_key_locator VALUES ('ou4hncuy2ukdjhm4', 'acme');
INSERT INTO public.api_key_locator VALUES ('b37g3nnn2yzj5w7p', 'globex');



INSERT INTO public.api_keys VALUES ('globex', 'b37g3nnn2yzj5w7p', '01a22c35-9c48-7558-a319-62bcf259b243', 'key', '\x0dbd707872b635195ada37da7d30792b90e3b9d3bc2c86118d13e5d7bfc27522', '01a22c35-8f23-72f8-9940-5cdd9defb320', NULL, NULL, '2026-11-30 11:27:20.660014+00', 'alice');
INSERT INTO public.api_keys VALUES ('acme', '6o2sx6gt6d2x6h7u', '01a22c35-9bc6-769d-981d-71a368db2955', 'reader', '\x00ceb6bc88294aba452576059f2b3f8742630ac6919017bedd508c62efef9ae6', '01a22c35-8f23-72f8-9940-5cdd9defb320', NULL, '2026-11-30 11:27:20.568347+00', '2026-11-30 11:27:20.523096+00', 'alice');
INSERT INTO public.api_keys VALUES ('acme', 'kqr3idov4bfmmq2w', '01a22c35-9c0c-7301-bdd1-6138ebcd74c6', 'of_one', '\x3723c61d6b691d5e58687ae75e2060b97de0677d3c8f8990b562474578fbc185', '01a22c35-8f23-72f8-9940-5cdd9defb320', NULL, '2026-11-30 11:27:20.60002+00', '2026-11-30 11:27:20.594497+00', 'alice');
INSERT INTO public.api_keys VALUES ('acme', 'mf5kifopbz4nfzb6', '01a22c35-9bfd-711a-b3b7-9ed364ca9103', 'of_sftp', '\x429984a45764cebe8c5fc47d991c07df90ad368c3b2486070d23d07faf86c20a', '01a22c35-8f23-72f8-9940-5cdd9defb320', NULL, '2026-11-30 11:27:20.586031+00', '2026-11-30 11:27:20.579592+00', 'alice');
INSERT INTO public.api_keys VALUES ('acme', 'ou4hncuy2ukdjhm4', '01a22c35-9c1a-742e-bc95-712787317c23', 'idle', '\x869224f6cce96082617848eed92d61ed38f990fca166d0beb20c521694a6b0f0', '01a22c35-8f23-72f8-9940-5cdd9defb320', NULL, '2026-11-30 11:27:20.61175+00', '2026-11-30 11:27:20.605934+00', 'alice');
INSERT INTO public.api_keys VALUES ('acme', '4chwsmbqhaf3nmk3', '01a22c35-9bc6-769d-981d-71a368db2955', 'over by now', '\x85d0276c7d7b047b50befdc626eb7f46acff8aa400a1544c34e5e1462948cdf9', '01a22c35-8f23-72f8-9940-5cdd9defb320', '2020-06-01 00:00:00+00', '2026-11-30 11:27:20.539755+00', '2026-11-30 11:27:20.533376+00', 'alice');



INSERT INTO public.audit_events VALUES ('~system', 1, '2026-11-30 11:27:17.308983+00', 'server.started', 'success', 'system:server', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{"settings_digest":"e739efbabab5c1dd1ba8a3222133ec741b7596eed70b9666e7a8c65e39f6f1c3"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x79a35430f4c8253e5822c4d53cabbbaf56442b7cbe9fe721c0d80677a0ccff4a');
INSERT INTO public.audit_events VALUES ('acme', 1, '2026-11-30 11:27:18.593729+00', 'organization.limit_set', 'success', 'system:cli', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{"limit":"40"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x62c04bc43b599703e0c4817eff1dbae4d3e717ee6e56fe8651a3e1e6349abf8e');
INSERT INTO public.audit_events VALUES ('acme', 2, '2026-11-30 11:27:18.629397+00', 'credential.created', 'success', 'user:alice', 'jwt:local', '01M8P3B52TEG0R8HANK2Z7VJKK', '127.0.0.1', '01a22c35-945b-73cf-b33e-8c356fcd54f0', NULL, 'sftp', 1, '\x1131a5b8d69fa88dc0049c4ba5678dc7224b17d8ad8f7a0ee034f86aa7651b83', '{"credential_type":"user_password"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x93efa109eac9e313ce2d79ec8c9754db2f846e80fd66ec3e4f76eb1a946bff65');
INSERT INTO public.audit_events VALUES ('acme', 3, '2026-11-30 11:27:18.690547+00', 'credential.created', 'success', 'user:alice', 'jwt:local', '01M8P3B53YEQ59HWY85W1J8C8W', '127.0.0.1', '01a22c35-947e-75ca-98f3-c830b85c21fe', NULL, 'sftp', 1, '\xac3be37b9b042d79ef72b5d8662bfec1c2ceec0c2655a1e26c3c4278cf4bc201', '{"credential_type":"user_password"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x66083bf2cb56f7ade35b5fe639415fa118020123fafdf77ea9092f2fc91d70ff');
INSERT INTO public.audit_events VALUES ('acme', 4, '2026-11-30 11:27:18.710067+00', 'credential.created', 'success', 'user:alice', 'jwt:local', '01M8P3B55EENZTJ63YDJ5234Z0', '127.0.0.1', '01a22c35-94b2-769a-8ed3-173c6494b081', NULL, 'sftp', 1, '\xb94b1b119444611cf145d7d73d91b42844580a951a543bc4c3fefd8c990100b6', '{"credential_type":"key_file"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x961e3389750f0a07b27156ee1e1f4d3bb5c7e68b8559c0f512224ca045974cd4');
INSERT INTO public.audit_events VALUES ('acme', 5, '2026-11-30 11:27:19.261473+00', 'credential.created', 'success', 'user:alice', 'jwt:local', '01M8P3B568EBMBHDJZBFSEX16V', '127.0.0.1', '01a22c35-96da-7048-8a07-259f04fa857e', NULL, 'sftp', 1, '\x490de8c1ed30127d3a776176c0d436cdd67b763dba4e67c7cb1f0da247bbda13', '{"credential_type":"key_file"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\xd56e53a56119fc7bcbcf85174e0dc6e092ea2e6c8d30abcf08fb691c18c6528d');
INSERT INTO public.audit_events VALUES ('acme', 6, '2026-11-30 11:27:19.278589+00', 'credential.created', 'success', 'user:alice', 'jwt:local', '01M8P3B5QCEHA86A6X337KG5E6', '127.0.0.1', '01a22c35-96ec-7454-8328-dd198b188590', NULL, 'postgresql', 1, '\xd3c8a084c0c668b743952d8ba940c253c03a7d19e9ab6cedd25f443a2a7b27c8', '{"credential_type":"user_password"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x437d5de6ae83d9566fc6a1815cb2348318f70f2db001598f6667494f7d7fcfef');
INSERT INTO public.audit_events VALUES ('acme', 7, '2026-11-30 11:27:19.306413+00', 'credential.created', 'success', 'user:alice', 'jwt:local', '01M8P3B5QPERQR7YE65VBWG6ED', '127.0.0.1', '01a22c35-96f7-712a-bb6f-aa86a462e8c9', NULL, 'aws_ses', 1, '\x9f5487c13b6969b4fc9c45acc13b94b4917dbad0ebc6874e9be899c9b95fddd8', '{"credential_type":"api_key"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x6edeae90f4ae1f5527eca5d5a15b829f0f91ef3af99a1a07206b5861f4f74735');
INSERT INTO public.audit_events VALUES ('acme', 8, '2026-11-30 11:27:19.324514+00', 'credential.created', 'success', 'user:alice', 'jwt:local', '01M8P3B5RREPT9H4M41R49XX8K', '127.0.0.1', '01a22c35-9719-724f-ad72-138ccfc5ea2e', NULL, 'custom', 1, '\x60d48c0bd40bcab1a3f9281950a859c13a605025b24861da57e48b2cef69fda2', '{"credential_type":"user_password"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x1ff090fb334c80fcd0831158c1f33464f92d775c1b886011e46c19c1e91ae0ca');
INSERT INTO public.audit_events VALUES ('acme', 9, '2026-11-30 11:27:19.33985+00', 'credential.created', 'success', 'user:alice', 'jwt:local', '01M8P3B5S8E8ZS31BFPBT9CR4A', '127.0.0.1', '01a22c35-9729-73d6-8bb9-9ef5c72fe3c9', NULL, 'sharepoint', 1, '\x25081da3104c1c95fc942ec3aba9a9336511a82dcbcbc6b5a91532063ca40df7', '{"credential_type":"sharepoint_oauth"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x4bff0c0f158bc34c6be94671abed91c606cdfba2daa63e1e5368d50e37e8e69e');
INSERT INTO public.audit_events VALUES ('acme', 10, '2026-11-30 11:27:19.356447+00', 'credential.created', 'success', 'service:robot', 'jwt:local', '01M8P3B5SME5V8EA6PAWS7VVT0', '127.0.0.1', '01a22c35-9735-72b0-94eb-b8bd994f8d9c', NULL, 'sftp', 1, '\xdaf16bf23a6e8662af47efa5efc20c8ab7cefe94afb08acd17dde06579bba565', '{"credential_type":"user_password"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\xfa5a7d7344f8c0e0b0cd41aa1e228ed4e75b0d323a0ac0d603d2229191d7ba0c');
INSERT INTO public.audit_events VALUES ('acme', 11, '2026-11-30 11:27:19.370733+00', 'credential.updated', 'success', 'user:alice', 'jwt:local', '01M8P3B5T4E5WV8AYE1HN335ZV', '127.0.0.1', '01a22c35-9735-72b0-94eb-b8bd994f8d9c', NULL, 'sftp', 2, '\xc418e6e2d3c83ac8fab33f9e6e987d0d7ab3501ea5a2b9af626d09975816124d', '{"changed":"credentials"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\xe6c869ea99512a0350638a348433a06bb172c645dbad6ff5d9521f58d55bcbc8');
INSERT INTO public.audit_events VALUES ('acme', 12, '2026-11-30 11:27:19.388794+00', 'credential.updated', 'success', 'user:alice', 'jwt:local', '01M8P3B5TMEXTVPGD36NHV27ED', '127.0.0.1', '01a22c35-9735-72b0-94eb-b8bd994f8d9c', NULL, 'sftp', 3, '\xc0599a390d0489f16f0423fb1cba3fdc0c290b50200f1d9c47342de6870a7ca1', '{"changed":"credentials"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x0f053d450dd39f228744177e3ccc607f3a5e1edb37b62bc3c198c872704d1452');
INSERT INTO public.audit_events VALUES ('acme', 13, '2026-11-30 11:27:19.407+00', 'credential.renamed', 'success', 'user:alice', 'jwt:local', '01M8P3B5V8EMPRFKM8SHA7Z4BA', '127.0.0.1', '01a22c35-9735-72b0-94eb-b8bd994f8d9c', NULL, 'sftp', 3, NULL, '{"changed":"name"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x448603e5e1856399bc61699b9c827281c29aa067551c99d2890fd0e25e034144');
INSERT INTO public.audit_events VALUES ('acme', 14, '2026-11-30 11:27:19.436471+00', 'credential.created', 'success', 'user:alice', 'jwt:local', '01M8P3B5VPE4SSJQ7TA1MRCZH8', '127.0.0.1', '01a22c35-9785-774b-ba79-9c5d1245f737', NULL, 'datadog', 1, '\x91b887c6e3546f59ca2987db73d4cd611e23f05bce9d8c582b02b296da51e454', '{"credential_type":"api_key"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x445a3ac9d63d9f29d697b4d6e0fff2cb1236570ded04f998fc31254bea0f9a5c');
INSERT INTO public.audit_events VALUES ('acme', 15, '2026-11-30 11:27:19.436471+00', 'credential.tested', 'success', 'user:alice', 'jwt:local', '01M8P3B5VPE4SSJQ7TA1MRCZH8', '127.0.0.1', '01a22c35-9785-774b-ba79-9c5d1245f737', NULL, 'datadog', 1, NULL, '{"code":"ok"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\xab045dc0da3803127aaeeb0f0f1e4e925686446a3caff9c223568a768151d0d8');
INSERT INTO public.audit_events VALUES ('acme', 16, '2026-11-30 11:27:19.449058+00', 'credential.created', 'success', 'user:alice', 'jwt:local', '01M8P3B5WPEV7A301FBV6JR5N6', '127.0.0.1', '01a22c35-9797-77d2-b5a7-43c08f62793a', NULL, 'pagerduty', 1, '\x58808f5f68a30824e741dfafcf8cc932c14ebd7e30a8e902490009b7d522b456', '{"credential_type":"api_key"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\xfb3727c9eebaa659f7aa5ab18dc857b873099f71a95dfc3d6b42b2f63a2f7357');
INSERT INTO public.audit_events VALUES ('acme', 17, '2026-11-30 11:27:19.47246+00', 'credential.tested', 'denied', 'user:alice', 'jwt:local', '01M8P3B5WZEC4B7QW49X8N4B7B', '127.0.0.1', '01a22c35-9797-77d2-b5a7-43c08f62793a', NULL, 'pagerduty', 1, NULL, '{"cause":"an answer of the class 4xx","code":"auth_rejected"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x5260aaf343842c4726b317ef57e0bb9fb40d58237c1166e3f3f85e2d2efdb509');
INSERT INTO public.audit_events VALUES ('acme', 18, '2026-11-30 11:27:19.490696+00', 'credential.created', 'success', 'user:alice', 'jwt:local', '01M8P3B5XWER0BPTC7X41M1VHM', '127.0.0.1', '01a22c35-97bc-7600-bb69-87ea440765a4', NULL, 'sftp', 1, '\x1d51666ba38264fe36eeb2ad436c7df69cb895e1daafcd9da41bcf14b350869d', '{"credential_type":"user_password"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x17426359fb99a29096b874687199c3988dd59ced4d632f17c04bd7b94b5d294d');
INSERT INTO public.audit_events VALUES ('acme', 19, '2026-11-30 11:27:19.507298+00', 'credential.deleted', 'success', 'user:alice', 'jwt:local', '01M8P3B5YCEG58EF55E67CGFX6', '127.0.0.1', '01a22c35-97bc-7600-bb69-87ea440765a4', NULL, 'sftp', 1, NULL, '{}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x08bfdbe89bebab519b1ee57a9951546efe718a9479dcec22ed7a4e2c785d0914');
INSERT INTO public.audit_events VALUES ('acme', 20, '2026-11-30 11:27:19.520306+00', 'credential.created', 'success', 'user:alice', 'jwt:local', '01M8P3B5YTE32V938ADBY9EWC0', '127.0.0.1', '01a22c35-97db-717b-b974-4d4643ab9ae1', NULL, 'sftp', 1, '\xba58621974be941b7676d19ccc545f17451af34ae2a8795525b0b8191647b034', '{"credential_type":"user_password"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x91e97eca13ff1f37284bad9ed71a1686729f78045d16c1c1e24a7e165e86ae4f');
INSERT INTO public.audit_events VALUES ('acme', 21, '2026-11-30 11:27:19.562101+00', 'secret.read', 'success', 'service:robot', 'jwt:local', '01M8P3B606E8Q9NPBMRGH5CFAT', '127.0.0.1', '01a22c35-97db-717b-b974-4d4643ab9ae1', NULL, 'sftp', 7, NULL, '{}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x33f12cb7ebf69bb6d266a47380eea54e02bbd2f821d70e2bf443956d06faa7d7');
INSERT INTO public.audit_events VALUES ('acme', 22, '2026-11-30 11:27:19.56742+00', 'integrity.failed', 'failed', 'service:robot', 'jwt:local', '01M8P3B606E8Q9NPBMRGH5CFAT', '127.0.0.1', '01a22c35-97db-717b-b974-4d4643ab9ae1', NULL, 'sftp', 7, NULL, '{}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x2b9f14638134adccf685bfb32f6ca64676d8742757f11c54d2fdfc87d484d1f8');
INSERT INTO public.audit_events VALUES ('acme', 23, '2026-11-30 11:27:19.579976+00', 'credential.deleted', 'success', 'user:alice', 'jwt:local', '01M8P3B60KE18AHTFR8YZ443F1', '127.0.0.1', '01a22c35-97db-717b-b974-4d4643ab9ae1', NULL, 'sftp', 7, NULL, '{}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x74771bb35ee37ccd73e60225fb51d337d29b19d4e0f8fe8f288b8745dd5852a9');
INSERT INTO public.audit_events VALUES ('acme', 24, '2026-11-30 11:27:19.588959+00', 'secret.read', 'success', 'service:robot', 'jwt:local', '01M8P3B613EP7RYE3NMXFMDWXA', '127.0.0.1', '01a22c35-9735-72b0-94eb-b8bd994f8d9c', NULL, 'sftp', 3, NULL, '{}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x63d24b33e6bb830eac315f7a02d8c5f7d74d4d4364f058311d5cc3bfb8827dc6');
INSERT INTO public.audit_events VALUES ('acme', 25, '2026-11-30 11:27:19.596627+00', 'secret.read', 'success', 'service:robot', 'jwt:local', '01M8P3B619ESNA1K4VX7NR2C4D', '127.0.0.1', '01a22c35-9735-72b0-94eb-b8bd994f8d9c', NULL, 'sftp', 3, NULL, '{}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x0a28efb46a4c5f0eb37b4480fff5fb0772acce0692fcbd7711d172f8c13f6b80');
INSERT INTO public.audit_events VALUES ('globex', 1, '2026-11-30 11:27:19.607569+00', 'credential.created', 'success', 'user:alice', 'jwt:local', '01M8P3B61MEJWVXEMKWTXFWFW4', '127.0.0.1', '01a22c35-9834-74b9-beba-93e713c50f54', NULL, 'sftp', 1, '\xc1e903e9cb987f6eda9e2d5a2bc538e7ffdaa182105732eeec8b3f2a374f5df3', '{"credential_type":"user_password"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x181d9b2d11827a684fd34ce30413694af60c7e8084a40ecf693acbc57ee9df84');
INSERT INTO public.audit_events VALUES ('acme', 26, '2026-11-30 11:27:19.617532+00', 'connection.tested', 'success', 'user:alice', 'jwt:local', '01M8P3B61WE73RM05JQ9NVE5EA', '127.0.0.1', NULL, NULL, 'github', NULL, NULL, '{"code":"ok"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\xd51de1b1f9beff7952de531487fbf5795202ab2d7d0c932aa34abbf66b221c81');
INSERT INTO public.audit_events VALUES ('acme', 27, '2026-11-30 11:27:19.643619+00', 'credential.created', 'success', 'user:alice', 'jwt:local', '01M8P3B62AEQBT6H0TDA78CRBK', '127.0.0.1', '01a22c35-9859-767a-adbb-62982be79cc7', NULL, 'datadog', 1, '\x252d9d56fd4229b2d0d016630de2e899d4b6615d2c83e89b01d0d2e38a957fcc', '{"credential_type":"api_key"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\xcb08f04b096254c1583e8d874f058e51bcc41c31091ab135ad060399f41b3543');
INSERT INTO public.audit_events VALUES ('acme', 28, '2026-11-30 11:27:19.643619+00', 'credential.tested', 'success', 'user:alice', 'jwt:local', '01M8P3B62AEQBT6H0TDA78CRBK', '127.0.0.1', '01a22c35-9859-767a-adbb-62982be79cc7', NULL, 'datadog', 1, NULL, '{"code":"ok"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x44e81ba2fa74d89a7388f6729207537b35f02670ca7a7cdb16c2530188e1746c');
INSERT INTO public.audit_events VALUES ('acme', 29, '2026-11-30 11:27:19.662718+00', 'integration.connected', 'success', 'user:alice', 'jwt:local', '01M8P3B634EZ4VJK6P0NV8FQM8', '127.0.0.1', '01a22c35-9859-767a-adbb-62982be79cc7', 'int_01M8P3B638EZRV9H813MVWAK9S', 'datadog', 1, NULL, '{}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x00d08ff51c69fab616a811d6ee97d8c5f78c8db1fd23a6f53f91b0eb59671740');
INSERT INTO public.audit_events VALUES ('acme', 32, '2026-11-30 11:27:19.720089+00', 'integration.connected', 'success', 'user:alice', 'jwt:local', '01M8P3B64PEWJS97DFWNNHYPWJ', '127.0.0.1', '01a22c35-9888-743a-9060-a0b54c2ec7b4', 'int_01M8P3B64TEX9VZ8WWJ3A2Q68C', 'pagerduty', 1, NULL, '{}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\xf9b819b4de245633dc8074dd4bdb00faccd2d7de649b92232720f766f38f2d8c');
INSERT INTO public.audit_events VALUES ('acme', 38, '2026-11-30 11:27:19.839061+00', 'credential.created', 'success', 'user:alice', 'jwt:local', '01M8P3B68WEERBBZ7Y8178HXQK', '127.0.0.1', '01a22c35-991d-7496-ad83-5d6270f8e52d', NULL, 'custom', 1, '\x226e8e425800ccdcc731748cd912cf4d3fea5bac224f65fdbaf5cf0c2dfd85eb', '{"credential_type":"api_key"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\xf8115467652761216e7c1618b9993bbd44af97d393345a1197ba911661a9f5e7');
INSERT INTO public.audit_events VALUES ('acme', 42, '2026-11-30 11:27:19.89647+00', 'authorization.granted', 'success', 'system:authorization', NULL, '01M8P3B6A5ECGS8QRYK3BAF88Q', '127.0.0.1', '01a22c35-993a-742b-a2b4-6960dcd99a42', NULL, 'google', NULL, NULL, '{"account":"named","begun_by":"user:alice"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x2f9dfe6162abcd40adf66d16e48c0fdca90297fd4a9db094c25d37f1899a0b9a');
INSERT INTO public.audit_events VALUES ('acme', 43, '2026-11-30 11:27:19.89647+00', 'credential.created', 'success', 'system:authorization', NULL, '01M8P3B6A5ECGS8QRYK3BAF88Q', '127.0.0.1', '01a22c35-993a-742b-a2b4-6960dcd99a42', NULL, 'google', 1, '\x3ffbf66a7e59cb06dc3336c90fc84cea2f6cb8f8cdaaa8463c54b0f4677296cf', '{"begun_by":"user:alice","credential_type":"google_oauth","status":"pending"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x73d2cd6bf5b9754232765798a13ff2dfbd70f09ba00b77fc14574cf92c458edb');
INSERT INTO public.audit_events VALUES ('acme', 58, '2026-11-30 11:27:20.177387+00', 'secret.read', 'success', 'service:robot', 'jwt:local', '01M8P3B6JXEKK9ETGZT01RS3AD', '127.0.0.1', '01a22c35-9a59-77d8-9c7c-fe33fc10e392', NULL, 'sharepoint', 2, NULL, '{}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x0f88a881a9f6973c647c19f4c95df822e573a570a97b55a3bd7c6fadba8bea87');
INSERT INTO public.audit_events VALUES ('acme', 66, '2026-11-30 11:27:20.239295+00', 'authorization.granted', 'success', 'system:authorization', NULL, '01M8P3B6N8EYD9Z1R3CX5DC7NV', '127.0.0.1', '01a22c35-9aa2-7572-afa8-82221261c5e3', NULL, 'zoom', NULL, NULL, '{"account":"named","begun_by":"user:alice"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x94f51cb5d4676ec0c7cc2a12828af4c401d8cf9dfec4d0a6f14ed874035547f8');
INSERT INTO public.audit_events VALUES ('acme', 67, '2026-11-30 11:27:20.239295+00', 'credential.created', 'success', 'system:authorization', NULL, '01M8P3B6N8EYD9Z1R3CX5DC7NV', '127.0.0.1', '01a22c35-9aa2-7572-afa8-82221261c5e3', NULL, 'zoom', 1, '\x6afd405cbe1a43710cac85493d33ab77bbdb9a131b0438e7dd883212ca499503', '{"begun_by":"user:alice","credential_type":"oauth2","status":"pending"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x3d655b7824373efdbf8b79c483fbb1159a0eff1a0d78d610213e6dc10f6c3c37');
INSERT INTO public.audit_events VALUES ('acme', 84, '2026-11-30 11:27:20.341838+00', 'authorization.begun', 'success', 'user:alice', 'jwt:local', '01M8P3B6RKER29A2PWGW87MT3X', '127.0.0.1', '01a22c35-9b15-71ae-b1aa-13ca3f2a7241', '01a22c35-9b0c-7189-b974-57f9407cc255', 'xero', NULL, NULL, '{"completion":"confirm"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\xb802433d115434dfd189aa4857f08b7a0b0c121cc4d29ad86016cb5e5a818d24');
INSERT INTO public.audit_events VALUES ('acme', 95, '2026-11-30 11:27:20.429023+00', 'authorization.granted', 'success', 'system:authorization', NULL, '01M8P3B6V6E8EVVG5BAHPTN1R1', '127.0.0.1', '01a22c35-9b60-723c-a30f-7950cae805f8', NULL, 'google', NULL, NULL, '{"account":"named","begun_by":"user:alice"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\xcf3d212de679629ac0dcd8265b8d9422f971e45e92880d4fbc1b0fbc8eea478a');
INSERT INTO public.audit_events VALUES ('acme', 96, '2026-11-30 11:27:20.429023+00', 'credential.created', 'success', 'system:authorization', NULL, '01M8P3B6V6E8EVVG5BAHPTN1R1', '127.0.0.1', '01a22c35-9b60-723c-a30f-7950cae805f8', NULL, 'google', 1, '\x06133a32bae2216bba5d99608073fa3a1300b676869450ce687cc9587d0abd91', '{"begun_by":"user:alice","credential_type":"google_oauth","status":"pending"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x75f4450b1a25a8f1e9961b032427380a4b9c7b8186a8f9473f57dd41f5c6ed84');
INSERT INTO public.audit_events VALUES ('acme', 106, '2026-11-30 11:27:20.4923+00', 'authorization.begun', 'success', 'user:alice', 'jwt:local', '01M8P3B6XAEW98Y7P853VQSVME', '127.0.0.1', '01a22c35-9bab-74f5-9205-b8576309e711', NULL, 'google', NULL, NULL, '{"completion":"confirm"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\xfe8bc12f8ffa939c4d15fefb999dd417834daa26707c194f12e4cafd0c4005b4');
INSERT INTO public.audit_events VALUES ('acme', 109, '2026-11-30 11:27:20.512801+00', 'authorization.failed', 'denied', 'system:authorization', NULL, '01M8P3B6XVEB3ACZME9XNZJG6C', '127.0.0.1', '01a22c35-9bab-74f5-9205-b8576309e711', NULL, 'google', NULL, NULL, '{"begun_by":"user:alice","reason":"disowned"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\xe7a4cd2d1889dbabade3c0d9c6889ecd1ec2b5f071bd43edac12b8a53aa5b656');
INSERT INTO public.audit_events VALUES ('acme', 116, '2026-11-30 11:27:20.57009+00', 'secret.read', 'success', 'service:01a22c35-9bc6-769d-981d-71a368db2955', 'api_key:6o2sx6gt6d2x6h7u', '01M8P3B6ZPESTTTVQH6E42RESP', '127.0.0.1', '01a22c35-945b-73cf-b33e-8c356fcd54f0', NULL, 'sftp', 1, NULL, '{}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x34cc456afbf800f4cb373dc322b214134d849ff6f9511aa465150c82bac4495b');
INSERT INTO public.audit_events VALUES ('acme', 120, '2026-11-30 11:27:20.589763+00', 'service_account.created', 'success', 'user:alice', 'jwt:local', '01M8P3B70CEC0VVMB16YFE0MN2', '127.0.0.1', NULL, '01a22c35-9c0c-7301-bdd1-6138ebcd74c6', NULL, NULL, NULL, '{}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x5a82a69f8bd52a4704f6910bbdce0e2486f622f4115811bf6f0aae810b1bc6d8');
INSERT INTO public.audit_events VALUES ('acme', 121, '2026-11-30 11:27:20.589763+00', 'service_account.scopes_granted', 'success', 'user:alice', 'jwt:local', '01M8P3B70CEC0VVMB16YFE0MN2', '127.0.0.1', NULL, '01a22c35-9c0c-7301-bdd1-6138ebcd74c6', NULL, NULL, NULL, '{"limited":"true","scopes":"credentials:read secrets:read"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x6407a87d158a4bd0e71aecc1d5ccc96fc6713acc4b64f47688c2ef7db0d54393');
INSERT INTO public.audit_events VALUES ('acme', 125, '2026-11-30 11:27:20.607952+00', 'api_key.created', 'success', 'user:alice', 'jwt:local', '01M8P3B70XECCBFGBTVGMKBW3Y', '127.0.0.1', NULL, 'ou4hncuy2ukdjhm4', NULL, NULL, NULL, '{"service_account":"01a22c35-9c1a-742e-bc95-712787317c23"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x2819f95ba44d130b47bada6bb410d1ada14bd49c5d5d3a3f1b923d56e2869642');
INSERT INTO public.audit_events VALUES ('acme', 127, '2026-11-30 11:27:20.627484+00', 'service_account.created', 'success', 'user:alice', 'jwt:local', '01M8P3B71HEBCBKG19D15QMFYX', '127.0.0.1', NULL, '01a22c35-9c32-7102-ad3c-4204222d0c57', NULL, NULL, NULL, '{}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x74fb782883a97d1120ad7adf3e8d02d43993ec0e730e7a85685c6231d718e04f');
INSERT INTO public.audit_events VALUES ('acme', 128, '2026-11-30 11:27:20.627484+00', 'service_account.scopes_granted', 'success', 'user:alice', 'jwt:local', '01M8P3B71HEBCBKG19D15QMFYX', '127.0.0.1', NULL, '01a22c35-9c32-7102-ad3c-4204222d0c57', NULL, NULL, NULL, '{"limited":"false","scopes":"credentials:read secrets:read"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x5fb0a202aa86500095c2f7ba2b04c9587972c02ef1fd3a9425d0178e8001b3d1');
INSERT INTO public.audit_events VALUES ('globex', 7, '2026-11-30 11:27:20.649622+00', 'service_account.created', 'success', 'user:alice', 'jwt:local', '01M8P3B727EK1AYAZZEBQMAA5Z', '127.0.0.1', NULL, '01a22c35-9c48-7558-a319-62bcf259b243', NULL, NULL, NULL, '{}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x50b1b014e0935eead2cda6250f082976c1de8cc05e44b9e55a53ca4d66e31260');
INSERT INTO public.audit_events VALUES ('globex', 8, '2026-11-30 11:27:20.649622+00', 'service_account.scopes_granted', 'success', 'user:alice', 'jwt:local', '01M8P3B727EK1AYAZZEBQMAA5Z', '127.0.0.1', NULL, '01a22c35-9c48-7558-a319-62bcf259b243', NULL, NULL, NULL, '{"limited":"false","scopes":"credentials:read secrets:read"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\xb6fecc93a0669b3c3ab7ec560c6fc1d5df051f699317149bd0c3de36c94c346a');
INSERT INTO public.audit_events VALUES ('acme', 30, '2026-11-30 11:27:19.690749+00', 'credential.created', 'success', 'user:alice', 'jwt:local', '01M8P3B63SEB6R1MGKQ4MCKJRS', '127.0.0.1', '01a22c35-9888-743a-9060-a0b54c2ec7b4', NULL, 'pagerduty', 1, '\xeeb1eefed4ce3b8a70bc1f5578100e335066bcf053177b46d80627dfc252fc2f', '{"credential_type":"api_key"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\xa7addfb715cae06d1d8e9c92d1c5229a4555dcd60d9c973222d9eb8307603726');
INSERT INTO public.audit_events VALUES ('acme', 31, '2026-11-30 11:27:19.690749+00', 'credential.tested', 'success', 'user:alice', 'jwt:local', '01M8P3B63SEB6R1MGKQ4MCKJRS', '127.0.0.1', '01a22c35-9888-743a-9060-a0b54c2ec7b4', NULL, 'pagerduty', 1, NULL, '{"code":"ok"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\xed874f5ec1f8057fe0ca5f7a7b0da78284d3e751ed211c6faf7845385351ee64');
INSERT INTO public.audit_events VALUES ('acme', 36, '2026-11-30 11:27:19.824298+00', 'credential.updated', 'success', 'user:alice', 'jwt:local', '01M8P3B687EBYVDM5P7029R59K', '127.0.0.1', '01a22c35-9902-718f-9c1e-59d772a24f9a', NULL, 'salesforce', 2, '\xfd4f06d0192670e66a071d6319afb6a1792d59dd6b53c81061819771a6ee2d35', '{"changed":"credentials"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x7abd633c8f8d2ece2443d6f02fed35d10bd0cfee62cdfffe9625d38bb93509a4');
INSERT INTO public.audit_events VALUES ('globex', 5, '2026-11-30 11:27:19.859454+00', 'credential.created', 'success', 'user:alice', 'jwt:local', '01M8P3B69FECVTSKQJP97B40HE', '127.0.0.1', '01a22c35-9931-7263-b816-6961c55f282c', NULL, 'salesforce', 1, '\x3bbe6d061df205bee30eb8f110d43c2116dd524fe30f2486a6e2f7c9b13771ba', '{"credential_type":"oauth2"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\xf474bb6d4fad66402c76d128dc9616c8735f61922e1e40eca7b3c8f7e0feaf1b');
INSERT INTO public.audit_events VALUES ('acme', 45, '2026-11-30 11:27:19.912849+00', 'authorization.begun', 'success', 'user:alice', 'jwt:local', '01M8P3B6B6EAYSBXSMCHGHC7ZJ', '127.0.0.1', '01a22c35-9968-73fa-9593-eaf6a0f5dd92', NULL, 'google', NULL, NULL, '{"completion":"confirm"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\xf8162b8098c7e641ead56ec9d0f629be6015fba179ea9d0a6323663c1db87f9d');
INSERT INTO public.audit_events VALUES ('acme', 48, '2026-11-30 11:27:19.940553+00', 'authorization.completed', 'success', 'system:authorization', NULL, '01M8P3B6C0EBX8GE23YP2ZSE7Y', '127.0.0.1', '01a22c35-9968-73fa-9593-eaf6a0f5dd92', NULL, 'google', 1, NULL, '{"begun_by":"user:alice"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\xa97014dbe4d3bba5fe376cc69e96227cc6e45a61466be27a811308f6fff00aef');
INSERT INTO public.audit_events VALUES ('acme', 52, '2026-11-30 11:27:20.086065+00', 'credential.refreshed', 'denied', 'system:refresh', 'jwt:local', '01M8P3B6FTE0ZB07PJPMQCJKRK', '127.0.0.1', '01a22c35-99e7-74c0-ba15-8e27abc06e23', NULL, 'slack', 1, NULL, '{"next_step":"Authorise the credential again: its token has ended and there is none to refresh it.","reason":"no_refresh_token"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x50cd061a38720cce7aba443fdc65691386cf41fabeedcb5db1bcfc30b99c11e6');
INSERT INTO public.audit_events VALUES ('acme', 59, '2026-11-30 11:27:20.183287+00', 'authorization.begun', 'success', 'user:alice', 'jwt:local', '01M8P3B6KNECQ9J8KT9S7415SA', '127.0.0.1', '01a22c35-9a76-739e-8284-9e162a9c74b6', NULL, 'google', NULL, NULL, '{"completion":"confirm"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x0802bc27c4f1892c7ca4fc70045fd95a374f81df155f9db3aac9e719530e3d77');
INSERT INTO public.audit_events VALUES ('acme', 62, '2026-11-30 11:27:20.202051+00', 'authorization.completed', 'success', 'system:authorization', NULL, '01M8P3B6M5EMA8EW7G4C2W0MKB', '127.0.0.1', '01a22c35-9a76-739e-8284-9e162a9c74b6', NULL, 'google', 1, NULL, '{"begun_by":"user:alice"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\xf4e4bb8a28b16b186936f17b1dd22a48a5bc03309e024879634059d1a0adb438');
INSERT INTO public.audit_events VALUES ('acme', 63, '2026-11-30 11:27:20.213228+00', 'credential.refreshed', 'success', 'service:robot', 'jwt:local', '01M8P3B6MEEQZV8DAS00053MQH', '127.0.0.1', '01a22c35-9a76-739e-8284-9e162a9c74b6', NULL, 'google', 2, '\x2d814a8b8b29d6cd85feec385824c25171e38ac0cf20db8919fc00456a503331', '{}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x98aef4c638d28734de3de1a27b49018189b6be5aabdd988f1375615a7cbdb4c0');
INSERT INTO public.audit_events VALUES ('acme', 70, '2026-11-30 11:27:20.262169+00', 'authorization.begun', 'success', 'user:alice', 'jwt:local', '01M8P3B6P4EB2RXMGBEDRZQK6R', '127.0.0.1', '01a22c35-9ac5-75d7-9a46-fb1b36cdc922', NULL, 'google', NULL, NULL, '{"completion":"confirm"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x731fba89a5b96a1f2bd19df62844d3e0e1516ff0049f5ad138e6c8623e08bd11');
INSERT INTO public.audit_events VALUES ('acme', 73, '2026-11-30 11:27:20.281428+00', 'authorization.completed', 'success', 'system:authorization', NULL, '01M8P3B6PMEKQ8BBT67F70DY6G', '127.0.0.1', '01a22c35-9ac5-75d7-9a46-fb1b36cdc922', NULL, 'google', 1, NULL, '{"begun_by":"user:alice"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x3fb0407655f936d46e410ea82fadb23cc504c65398cae747b810d9fdca6d5ea6');
INSERT INTO public.audit_events VALUES ('acme', 74, '2026-11-30 11:27:20.292178+00', 'credential.deleted', 'success', 'user:alice', 'jwt:local', '01M8P3B6PYE2WVERK610B2EAD2', '127.0.0.1', '01a22c35-9ac5-75d7-9a46-fb1b36cdc922', NULL, 'google', 1, NULL, '{}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x696bd8f7204a297e47e322e616dbbe10f6610543ff12f7f53deed3ac2d86daf5');
INSERT INTO public.audit_events VALUES ('globex', 6, '2026-11-30 11:27:20.38338+00', 'oauth_app.created', 'success', 'user:alice', 'jwt:local', '01M8P3B6SXES0BBJ4S74V1NW4F', '127.0.0.1', NULL, '01a22c35-9b3d-7640-b5c8-993a01529642', NULL, NULL, NULL, '{"app":"google"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\xab23384d1d18325094e226c6b218adfc75a63ce668155997e96e31e2af262b0a');
INSERT INTO public.audit_events VALUES ('acme', 107, '2026-11-30 11:27:20.504499+00', 'authorization.granted', 'success', 'system:authorization', NULL, '01M8P3B6XHE6C8AQAZH6FPJ8QP', '127.0.0.1', '01a22c35-9bab-74f5-9205-b8576309e711', NULL, 'google', NULL, NULL, '{"account":"named","begun_by":"user:alice"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\xce8c7627086b84e3ff2279d2c0da4658b68ff23d788ca0907aadaca5572327f9');
INSERT INTO public.audit_events VALUES ('acme', 108, '2026-11-30 11:27:20.504499+00', 'credential.created', 'success', 'system:authorization', NULL, '01M8P3B6XHE6C8AQAZH6FPJ8QP', '127.0.0.1', '01a22c35-9bab-74f5-9205-b8576309e711', NULL, 'google', 1, '\x03b84b834b547ccdcf4d80c3e42179d0bc9c1b2a90ec8e18855379c761afe725', '{"begun_by":"user:alice","credential_type":"google_oauth","status":"pending"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\xc8f20744433b9392a547eee20fc6568ba2fc4e2b1c37001edb5bedf2cea5f510');
INSERT INTO public.audit_events VALUES ('acme', 110, '2026-11-30 11:27:20.520415+00', 'service_account.created', 'success', 'user:alice', 'jwt:local', '01M8P3B6Y6ETESG7BHMBHTXVTE', '127.0.0.1', NULL, '01a22c35-9bc6-769d-981d-71a368db2955', NULL, NULL, NULL, '{}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x10a0c3941c38242c1e0be7d9149b9e43db5c754671944d4b610b9237e72e215f');
INSERT INTO public.audit_events VALUES ('acme', 111, '2026-11-30 11:27:20.520415+00', 'service_account.scopes_granted', 'success', 'user:alice', 'jwt:local', '01M8P3B6Y6ETESG7BHMBHTXVTE', '127.0.0.1', NULL, '01a22c35-9bc6-769d-981d-71a368db2955', NULL, NULL, NULL, '{"limited":"false","scopes":"credentials:read secrets:read"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\xad6c7c419d2743c5ae6054e094f9760919b9ee779fa12fd6f46114b14687b603');
INSERT INTO public.audit_events VALUES ('acme', 115, '2026-11-30 11:27:20.564111+00', 'api_key.revoked', 'success', 'user:alice', 'jwt:local', '01M8P3B6ZHESP8R3TZ5SB9DNGF', '127.0.0.1', NULL, 'bhnyzyk6dak6jjdt', NULL, NULL, NULL, '{"service_account":"01a22c35-9bc6-769d-981d-71a368db2955"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x377fe3f27e1bae94bd104d0fabd7b738cf08f2fc39dbbff0499cb3f96d83d680');
INSERT INTO public.audit_events VALUES ('acme', 119, '2026-11-30 11:27:20.582147+00', 'api_key.created', 'success', 'user:alice', 'jwt:local', '01M8P3B703EFMV0BAQABZVHR66', '127.0.0.1', NULL, 'mf5kifopbz4nfzb6', NULL, NULL, NULL, '{"service_account":"01a22c35-9bfd-711a-b3b7-9ed364ca9103"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x1c95d63a5b324c106fd53152fa9530cfb9730783a150145dd5b3227418366697');
INSERT INTO public.audit_events VALUES ('acme', 131, '2026-11-30 11:27:20.66582+00', 'access.denied', 'denied', 'user:mallory', 'jwt:local', '01M8P3B72RERYASWJP2RKQ0NZ5', '127.0.0.1', NULL, NULL, NULL, NULL, NULL, '{"operation":"ReadSecrets"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x4f879d8d3a0cbc0a3ec0be129972df88231d21b1abd8521a70c6da7828a75e69');
INSERT INTO public.audit_events VALUES ('acme', 33, '2026-11-30 11:27:19.766019+00', 'integration.disconnected', 'success', 'user:alice', 'jwt:local', '01M8P3B662EKX9CTNCZDQFG4XN', '127.0.0.1', '01a22c35-9888-743a-9060-a0b54c2ec7b4', 'int_01M8P3B64TEX9VZ8WWJ3A2Q68C', 'pagerduty', 1, NULL, '{}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\xab622c1683e754fd953fdaaf37f14d91d1aeb033bcb76ff119cb9828f7bd4e61');
INSERT INTO public.audit_events VALUES ('globex', 4, '2026-11-30 11:27:19.805315+00', 'integration.connected', 'success', 'user:alice', 'jwt:local', '01M8P3B67SEZ3RGC8K3EN6EXQW', '127.0.0.1', '01a22c35-98f4-74e0-84f5-8e2726e5c0a4', 'int_01M8P3B67VEJ3T4C9Z52BCVX29', 'datadog', 1, NULL, '{}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x2c4c5c342d6f32e530706720a23343de6c4408d75f496a1cf68a941cf7861d66');
INSERT INTO public.audit_events VALUES ('acme', 39, '2026-11-30 11:27:19.844082+00', 'credential.created', 'success', 'user:alice', 'jwt:local', '01M8P3B690E88S4VK6JRRBGBEN', '127.0.0.1', '01a22c35-9922-71a1-baf9-916185a507b7', NULL, 'pipedrive', 1, '\xcd943b597718a96cd522195c3afa00298a7595bd70b6abd6c296806fbe7426f0', '{"credential_type":"api_key"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x45b8eaf87696a986a7cdbb73ef8bebaf39fe6fa190da5cf0f3ad01d8d5a40413');
INSERT INTO public.audit_events VALUES ('acme', 49, '2026-11-30 11:27:19.966497+00', 'credential.refreshed', 'denied', 'service:robot', 'jwt:local', '01M8P3B6C9E05VJP0J144HJ60N', '127.0.0.1', '01a22c35-993a-742b-a2b4-6960dcd99a42', NULL, 'google', 1, NULL, '{"next_step":"Authorise the credential again: the provider has ended the grant.","reason":"grant_refused"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x10dcad3726c7009fcb780334b23177b641f4d9832a661d37f9f7ff074394a52a');
INSERT INTO public.audit_events VALUES ('acme', 51, '2026-11-30 11:27:20.048314+00', 'credential.created', 'success', 'user:alice', 'jwt:local', '01M8P3B6F6E95T3ZZFF2S830NS', '127.0.0.1', '01a22c35-99e7-74c0-ba15-8e27abc06e23', NULL, 'slack', 1, '\xe214f57808dbb13713133caab3d6e21bf8d2e1f5f29de3cc012c3ca5daad8f4a', '{"credential_type":"oauth2"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\xb149722c7a7d034d85b84e12fe62dfb165860981c96ae1a555c53332f52d9936');
INSERT INTO public.audit_events VALUES ('acme', 55, '2026-11-30 11:27:20.147571+00', 'secret.read', 'success', 'service:robot', 'jwt:local', '01M8P3B6HREXJB1MYY50764BBX', '127.0.0.1', '01a22c35-9a22-7630-b0e8-ac0b8adea469', NULL, 'sharepoint', 1, NULL, '{}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\xd15f257ca48fbb53028d78ba18f773c0e86723554a950a72c0537ddba73e1292');
INSERT INTO public.audit_events VALUES ('acme', 57, '2026-11-30 11:27:20.174783+00', 'credential.refreshed', 'success', 'system:refresh', 'jwt:local', '01M8P3B6JXEKK9ETGZT01RS3AD', '127.0.0.1', '01a22c35-9a59-77d8-9c7c-fe33fc10e392', NULL, 'sharepoint', 2, '\xccc1264b2049961409eb8c8704f2c47e04fae34fe5c03ff22b38e658ce2364b6', '{}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x0c69c3a08d9ad80bec78316be97d4f5b9dc7c07b57331ba4b666cb94371af802');
INSERT INTO public.audit_events VALUES ('acme', 65, '2026-11-30 11:27:20.226776+00', 'authorization.begun', 'success', 'user:alice', 'jwt:local', '01M8P3B6N0ETVSQCEJZFTVZ7T1', '127.0.0.1', '01a22c35-9aa2-7572-afa8-82221261c5e3', NULL, 'zoom', NULL, NULL, '{"completion":"confirm"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\xfe2442af82999e92e290fdb0c7acf3e59a4408902b06e9d9cddc7485f543a282');
INSERT INTO public.audit_events VALUES ('acme', 68, '2026-11-30 11:27:20.247105+00', 'authorization.completed', 'success', 'system:authorization', NULL, '01M8P3B6NJEH49PF69GW1WQJAC', '127.0.0.1', '01a22c35-9aa2-7572-afa8-82221261c5e3', NULL, 'zoom', 1, NULL, '{"begun_by":"user:alice"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x63f0cfdb388ae849d06840d7a4cc4d6417264053d87fffca9a3be790afbb361c');
INSERT INTO public.audit_events VALUES ('acme', 69, '2026-11-30 11:27:20.257145+00', 'credential.refreshed', 'failed', 'service:robot', 'jwt:local', '01M8P3B6NVE10R6Z4A5JFNHJN7', '127.0.0.1', '01a22c35-9aa2-7572-afa8-82221261c5e3', NULL, 'zoom', 1, NULL, '{"next_step":"Wait: the provider does not answer, and the refresh is tried again.","reason":"provider_unavailable"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x78f5e744378bb8193caf0fa813d5cbb00611ce5d99c50a8b1956092fba0ceb57');
INSERT INTO public.audit_events VALUES ('acme', 75, '2026-11-30 11:27:20.294803+00', 'grant.revoked', 'success', 'user:alice', 'jwt:local', '01M8P3B6PYE2WVERK610B2EAD2', '127.0.0.1', '01a22c35-9ac5-75d7-9a46-fb1b36cdc922', NULL, 'google', 1, NULL, '{"result":"revoked"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\xef29b68c1b50c3e2ea2edf31559e2e6dfd46585e06b95fc502cc87895986c3fc');
INSERT INTO public.audit_events VALUES ('acme', 78, '2026-11-30 11:27:20.306303+00', 'authorization.begun', 'success', 'user:alice', 'jwt:local', '01M8P3B6QGEWH9XRDWZ859D2EP', '127.0.0.1', '01a22c35-9af1-7278-bb79-8c9d7458a17d', '01a22c35-9ae9-75a6-9213-6e403d691853', 'sharepoint', NULL, NULL, '{"completion":"confirm"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x53785fc126d1a43fde6306627239b54e7dd0658ca8d41cbab8175306088d4a5f');
INSERT INTO public.audit_events VALUES ('acme', 83, '2026-11-30 11:27:20.337085+00', 'oauth_app.updated', 'success', 'user:alice', 'jwt:local', '01M8P3B6RFEF5TDMDN2FHBCZAR', '127.0.0.1', NULL, '01a22c35-9b0c-7189-b974-57f9407cc255', NULL, NULL, NULL, '{"app":"xero"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\xa0381b9625fe1c4bc17dc50139e14c775457bc4208a14b3d398c8eeb0634e5f3');
INSERT INTO public.audit_events VALUES ('acme', 85, '2026-11-30 11:27:20.355948+00', 'authorization.granted', 'success', 'system:authorization', NULL, '01M8P3B6RVETT909CNYYK1KMN7', '127.0.0.1', '01a22c35-9b15-71ae-b1aa-13ca3f2a7241', '01a22c35-9b0c-7189-b974-57f9407cc255', 'xero', NULL, NULL, '{"account":"named","begun_by":"user:alice"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\xb12114ba17cbd43264cdf081ae5d0662e4ddc6af9cb4444891f50038a252ef56');
INSERT INTO public.audit_events VALUES ('acme', 86, '2026-11-30 11:27:20.355948+00', 'credential.created', 'success', 'system:authorization', NULL, '01M8P3B6RVETT909CNYYK1KMN7', '127.0.0.1', '01a22c35-9b15-71ae-b1aa-13ca3f2a7241', '01a22c35-9b0c-7189-b974-57f9407cc255', 'xero', 1, '\xd25bc7d358387b59e86986b22e04d5a89cba01f5bcbad75ef97016434d664184', '{"begun_by":"user:alice","credential_type":"oauth2","status":"pending"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x313292b8b62a78c4e8e0fbc6fb227289877cc45b5adbd0765bc66710338c3e7f');
INSERT INTO public.audit_events VALUES ('acme', 92, '2026-11-30 11:27:20.40479+00', 'authorization.begun', 'success', 'user:alice', 'jwt:local', '01M8P3B6THE5X92CDTNPQ7M8YH', '127.0.0.1', '01a22c35-9b54-747d-bc51-454500eb875e', '01a22c35-9ae9-75a6-9213-6e403d691853', 'sharepoint', NULL, NULL, '{"completion":"confirm"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x86d42e52730f0b20a86465e8e6c059dc0f6556b3727bfb75eb78802fd915d3fe');
INSERT INTO public.audit_events VALUES ('acme', 94, '2026-11-30 11:27:20.417296+00', 'authorization.begun', 'success', 'user:alice', 'jwt:local', '01M8P3B6TZEQCB75CJR54KZ015', '127.0.0.1', '01a22c35-9b60-723c-a30f-7950cae805f8', NULL, 'google', NULL, NULL, '{"completion":"confirm"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x517e0309875113fcb892eb151ef3b33ff9f0b7d47dc8413f592f677bc2a3727e');
INSERT INTO public.audit_events VALUES ('acme', 97, '2026-11-30 11:27:20.435953+00', 'authorization.completed', 'success', 'system:authorization', NULL, '01M8P3B6VGEWABET33QK46HF9E', '127.0.0.1', '01a22c35-9b60-723c-a30f-7950cae805f8', NULL, 'google', 1, NULL, '{"begun_by":"user:alice"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x722f078dcd4d4025c467f3b7331f39af623bc45e8fdae0581b2fb367ddbc1f33');
INSERT INTO public.audit_events VALUES ('acme', 99, '2026-11-30 11:27:20.454081+00', 'authorization.granted', 'success', 'system:authorization', NULL, '01M8P3B6VZEA89JCYC14FC2XPF', '127.0.0.1', '01a22c35-9b79-70f7-817e-4407316556e1', NULL, 'google', NULL, NULL, '{"account":"named","begun_by":"user:alice"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x0ff28b4edeed0c9e978904dd72b22613835c53ada3df435e557611c3810e73b9');
INSERT INTO public.audit_events VALUES ('acme', 100, '2026-11-30 11:27:20.454081+00', 'credential.created', 'success', 'system:authorization', NULL, '01M8P3B6VZEA89JCYC14FC2XPF', '127.0.0.1', '01a22c35-9b79-70f7-817e-4407316556e1', NULL, 'google', 1, '\x96f734a9d3871a46b320048d6045436d107f4a7976d961f59daf8013c570f301', '{"begun_by":"user:alice","credential_type":"google_oauth","status":"pending"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x1dcdafada17676ff53fe1e3087927f10dea3c64148ed29bd35e58f22df8b656f');
INSERT INTO public.audit_events VALUES ('acme', 104, '2026-11-30 11:27:20.487866+00', 'authorization.granted', 'success', 'system:authorization', NULL, '01M8P3B6X1E3KTT6B7234H31EP', '127.0.0.1', '01a22c35-9b9b-7694-8b14-c7e26d8e9d3a', NULL, 'google', NULL, NULL, '{"account":"named","begun_by":"user:alice"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x682c78c3cffe00e360e42315e4a9a000266a1af14149c2ae8eb73bf2066716be');
INSERT INTO public.audit_events VALUES ('acme', 105, '2026-11-30 11:27:20.487866+00', 'credential.created', 'success', 'system:authorization', NULL, '01M8P3B6X1E3KTT6B7234H31EP', '127.0.0.1', '01a22c35-9b9b-7694-8b14-c7e26d8e9d3a', NULL, 'google', 1, '\x30a305a7a896a9e8a5755db590525e704c6fbb3791013fb5e911a29c573ff1f6', '{"begun_by":"user:alice","credential_type":"google_oauth","status":"pending"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x781404e34acfc6b0f30f601718c4dce58ed5544d39a6bdc99cc65cba970aff7f');
INSERT INTO public.audit_events VALUES ('acme', 112, '2026-11-30 11:27:20.526024+00', 'api_key.created', 'success', 'user:alice', 'jwt:local', '01M8P3B6YAE8NTEZQBP6QF687P', '127.0.0.1', NULL, '6o2sx6gt6d2x6h7u', NULL, NULL, NULL, '{"service_account":"01a22c35-9bc6-769d-981d-71a368db2955"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x3614e22e810a2edd74944f19256b91c31f633bdd4c77090b92df26bac2d5b13c');
INSERT INTO public.audit_events VALUES ('acme', 133, '2026-11-30 11:27:20.921862+00', 'connection.tested', 'failed', 'user:alice', 'jwt:local', '01M8P3B72XE9XTC7HYDG6B3XXE', '127.0.0.1', NULL, NULL, 'sftp', NULL, NULL, '{"code":"not_reachable"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\xe207882c3d59442f9e1242ada6f349b6e0ca79e69d967031e908b4de1894c0c8');
INSERT INTO public.audit_events VALUES ('acme', 134, '2026-11-30 11:27:20.921862+00', 'egress.refused', 'denied', 'user:alice', 'jwt:local', '01M8P3B72XE9XTC7HYDG6B3XXE', '127.0.0.1', NULL, NULL, 'sftp', NULL, NULL, '{"reason":"an address of the host is not public, and egress.allow_cidrs does not list it for sftp"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\xd991f0d363cde1ccbebfe41fe71875c277c2411353e46b52d8d4c76d188428f5');
INSERT INTO public.audit_events VALUES ('globex', 11, '2026-11-30 11:27:22.016856+00', 'audit.queried', 'success', 'user:alice', 'jwt:local', '01M8P3B8CYETGSAX7MX3P4DQ3K', '127.0.0.1', NULL, NULL, NULL, NULL, NULL, '{"records":"3"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\xd7c9256d08b7fe0ea51a622d9e58e4ffc4f5230217c077c80c940f37e00acdd4');
INSERT INTO public.audit_events VALUES ('globex', 12, '2026-11-30 11:27:22.02525+00', 'audit.verified', 'success', 'user:alice', 'jwt:local', '01M8P3B8D5EHPB1YYJSYECBA7M', '127.0.0.1', NULL, NULL, NULL, NULL, NULL, '{"records":"11"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\xba7a41204fefcd1a7161c5411e39cb5ba353a3c2f80f2b933846e93f2860a31d');
INSERT INTO public.audit_events VALUES ('globex', 2, '2026-11-30 11:27:19.799146+00', 'credential.created', 'success', 'user:alice', 'jwt:local', '01M8P3B67EEZAS2Q938HF92AKV', '127.0.0.1', '01a22c35-98f4-74e0-84f5-8e2726e5c0a4', NULL, 'datadog', 1, '\xc00de4068869872ca544c542964ad3bae84692e71c0422a3704c7123f9827614', '{"credential_type":"api_key"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x0088966e71f5f286e226b112e78941502906fdbd90be0591b1683256399c9107');
INSERT INTO public.audit_events VALUES ('globex', 3, '2026-11-30 11:27:19.799146+00', 'credential.tested', 'success', 'user:alice', 'jwt:local', '01M8P3B67EEZAS2Q938HF92AKV', '127.0.0.1', '01a22c35-98f4-74e0-84f5-8e2726e5c0a4', NULL, 'datadog', 1, NULL, '{"code":"ok"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\xd2e680905a378d138bb43aa9a4e1aaf38f0e8967e4aad52c533e525dcd6e9613');
INSERT INTO public.audit_events VALUES ('acme', 34, '2026-11-30 11:27:19.811845+00', 'credential.created', 'success', 'service:robot', 'jwt:local', '01M8P3B680EABACJHA08CQ3KEN', '127.0.0.1', '01a22c35-9902-718f-9c1e-59d772a24f9a', NULL, 'salesforce', 1, '\x10512744273de8e146b228d8414da6e41d4695787eda78e1a9a1a7f4c24e77ac', '{"credential_type":"oauth2"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\xf5dedec9d81ffba598aedf6cedc8f09fcba9c8849b5b8285ba4e84fd831efe0f');
INSERT INTO public.audit_events VALUES ('acme', 35, '2026-11-30 11:27:19.811845+00', 'secret.read', 'success', 'service:robot', 'jwt:local', '01M8P3B680EABACJHA08CQ3KEN', '127.0.0.1', '01a22c35-9902-718f-9c1e-59d772a24f9a', NULL, 'salesforce', 1, NULL, '{}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\xb6b22525d647ac80129770d567b676f81f134b6c9c8332b6b24256c18449dceb');
INSERT INTO public.audit_events VALUES ('acme', 40, '2026-11-30 11:27:19.851547+00', 'credential.deleted', 'success', 'user:alice', 'jwt:local', '01M8P3B697ESDR9A1HE22CVCD2', '127.0.0.1', '01a22c35-9922-71a1-baf9-916185a507b7', NULL, 'pipedrive', 1, NULL, '{}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x7ec872f6c57e630119805aac717a30993ac4e5d09c8a8b31c2fdfb29bcba89dd');
INSERT INTO public.audit_events VALUES ('acme', 50, '2026-11-30 11:27:20.015335+00', 'credential.refreshed', 'denied', 'service:robot', 'jwt:local', '01M8P3B6DMEH6SQTA5VNBV795N', '127.0.0.1', '01a22c35-9968-73fa-9593-eaf6a0f5dd92', NULL, 'google', 1, NULL, '{"next_step":"Authorise the credential again: the provider has ended the grant.","reason":"grant_refused"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x5806e203ba8ffb33898addcf74eb66117a43b4182e6372718db381d10efefab4');
INSERT INTO public.audit_events VALUES ('acme', 53, '2026-11-30 11:27:20.108318+00', 'credential.created', 'success', 'user:alice', 'jwt:local', '01M8P3B6H1E7BRF32915AK734X', '127.0.0.1', '01a22c35-9a22-7630-b0e8-ac0b8adea469', NULL, 'sharepoint', 1, '\xa78b20955059d0e2d36bd8fcac271d489c1451fa42c0f56a9a368d6ea2ea88ba', '{"credential_type":"client_credentials"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x2c0c4d433f555a215607a09274ae34d7eb41b6df2855ca8b3cae764c04508fae');
INSERT INTO public.audit_events VALUES ('acme', 54, '2026-11-30 11:27:20.129791+00', 'credential.refreshed', 'denied', 'system:refresh', 'jwt:local', '01M8P3B6HREXJB1MYY50764BBX', '127.0.0.1', '01a22c35-9a22-7630-b0e8-ac0b8adea469', NULL, 'sharepoint', 1, NULL, '{"next_step":"Store a new client id and secret: the provider refuses these.","reason":"client_refused"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x3aa42474bb26f51e553a161d9544e8d401fe3f33d1e25f5cf67a7c18a7cea683');
INSERT INTO public.audit_events VALUES ('acme', 64, '2026-11-30 11:27:20.222808+00', 'credential.tested', 'success', 'service:robot', 'jwt:local', '01M8P3B6MREB8T9Z1KQT5SZE3J', '127.0.0.1', '01a22c35-9a76-739e-8284-9e162a9c74b6', NULL, 'google', 2, NULL, '{"code":"ok"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x6c4d2f5e34e3442658a708a60fb1187e7c653ffc2864e44d2195c9044448e2a3');
INSERT INTO public.audit_events VALUES ('acme', 77, '2026-11-30 11:27:20.302887+00', 'oauth_app.updated', 'success', 'user:alice', 'jwt:local', '01M8P3B6QCED48VPEBYWTXAA4M', '127.0.0.1', NULL, '01a22c35-9ae9-75a6-9213-6e403d691853', NULL, NULL, NULL, '{"app":"microsoft"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x22b0885f7c140defca1de5b08c561c626de4a66aeaf2c26ccd5a7ee78cd55cad');
INSERT INTO public.audit_events VALUES ('acme', 79, '2026-11-30 11:27:20.319712+00', 'authorization.granted', 'success', 'system:authorization', NULL, '01M8P3B6QQECBRZQ7WPYJ71SME', '127.0.0.1', '01a22c35-9af1-7278-bb79-8c9d7458a17d', '01a22c35-9ae9-75a6-9213-6e403d691853', 'sharepoint', NULL, NULL, '{"account":"named","begun_by":"user:alice"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x6c8f6879f7c5f6001b9461dec31235a038b7c7211dfae9647cce784867290aa3');
INSERT INTO public.audit_events VALUES ('acme', 80, '2026-11-30 11:27:20.319712+00', 'credential.created', 'success', 'system:authorization', NULL, '01M8P3B6QQECBRZQ7WPYJ71SME', '127.0.0.1', '01a22c35-9af1-7278-bb79-8c9d7458a17d', '01a22c35-9ae9-75a6-9213-6e403d691853', 'sharepoint', 1, '\xdef757fcc7e5f8960f9ef9093d33a6b3d4d70ee70beb7e3c0348cb5d58378eba', '{"begun_by":"user:alice","credential_type":"sharepoint_oauth","status":"pending"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\xe2016441b344b0686a3ea07abe7c92eb290525f06cea9001148afc87277d028c');
INSERT INTO public.audit_events VALUES ('acme', 82, '2026-11-30 11:27:20.333151+00', 'oauth_app.created', 'success', 'user:alice', 'jwt:local', '01M8P3B6RBEDGBWH6ZQAJ8WTJQ', '127.0.0.1', NULL, '01a22c35-9b0c-7189-b974-57f9407cc255', NULL, NULL, NULL, '{"app":"xero"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x21eccdc0b2f0565be2657b16b7f56c86a887b27a314c3116e99ab4ae2f3b66c1');
INSERT INTO public.audit_events VALUES ('acme', 87, '2026-11-30 11:27:20.363482+00', 'authorization.completed', 'success', 'system:authorization', NULL, '01M8P3B6S7E3D9B9SNQKCGANAW', '127.0.0.1', '01a22c35-9b15-71ae-b1aa-13ca3f2a7241', '01a22c35-9b0c-7189-b974-57f9407cc255', 'xero', 1, NULL, '{"begun_by":"user:alice"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x2a4a27f4309a53c55e658cad70cc6a6862f355cab0ac0daad93d5a4883266914');
INSERT INTO public.audit_events VALUES ('acme', 91, '2026-11-30 11:27:20.39398+00', 'authorization.begun', 'success', 'user:alice', 'jwt:local', '01M8P3B6T8E1AT30E8EJCDXY2R', '127.0.0.1', '01a22c35-9b49-7085-94b4-9a983396df58', NULL, 'google', NULL, NULL, '{"completion":"confirm"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x875693bc43209453a4cdfbb486e62d8ac40293140e84bd157a15be517a1c3879');
INSERT INTO public.audit_events VALUES ('acme', 93, '2026-11-30 11:27:20.412207+00', 'authorization.begun', 'success', 'user:alice', 'jwt:local', '01M8P3B6TSEGVV8YC167NEV9QE', '127.0.0.1', '01a22c35-9b5b-71ff-8baf-8d95245d6663', NULL, 'slack', NULL, NULL, '{"completion":"confirm"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x839b254e5ad2010b1ca9d15ef2e8da611e6cd4ad2f2afc693f7c2a1b936295f8');
INSERT INTO public.audit_events VALUES ('acme', 98, '2026-11-30 11:27:20.441822+00', 'authorization.begun', 'success', 'user:alice', 'jwt:local', '01M8P3B6VREHY8DJZF9R77KTYY', '127.0.0.1', '01a22c35-9b79-70f7-817e-4407316556e1', NULL, 'google', NULL, NULL, '{"completion":"confirm"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x4f000fe9bbb85295c09a1068fe2d53b70f08db9c81acc7395a828b4cde5f245f');
INSERT INTO public.audit_events VALUES ('acme', 101, '2026-11-30 11:27:20.459066+00', 'authorization.begun', 'success', 'user:alice', 'jwt:local', '01M8P3B6W8ETTBPYCESR9HPSVW', '127.0.0.1', '01a22c35-9b60-723c-a30f-7950cae805f8', NULL, 'google', NULL, NULL, '{"completion":"confirm","reauthorizes":"true"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x8d0dcab7543fc825bc4f0b119380ab2838fc470dabbf3595597d680fdc35fb6d');
INSERT INTO public.audit_events VALUES ('acme', 103, '2026-11-30 11:27:20.476485+00', 'authorization.begun', 'success', 'user:alice', 'jwt:local', '01M8P3B6WTEE6RKZAGHQ9XN0F7', '127.0.0.1', '01a22c35-9b9b-7694-8b14-c7e26d8e9d3a', NULL, 'google', NULL, NULL, '{"completion":"confirm"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x436b5c1d88334486005076a9e647aa6ba7fb7a8798e24a2ce49fa07dc13cabe6');
INSERT INTO public.audit_events VALUES ('acme', 113, '2026-11-30 11:27:20.535773+00', 'api_key.created', 'success', 'user:alice', 'jwt:local', '01M8P3B6YME6VTYYMG1G2V39P9', '127.0.0.1', NULL, '4chwsmbqhaf3nmk3', NULL, NULL, NULL, '{"service_account":"01a22c35-9bc6-769d-981d-71a368db2955"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\xcb2be972d6b50b0086b7244613ab227a459067e8fadb95550598e20eeb4b89ea');
INSERT INTO public.audit_events VALUES ('acme', 117, '2026-11-30 11:27:20.574957+00', 'service_account.created', 'success', 'user:alice', 'jwt:local', '01M8P3B6ZXE4DB7DWYT9QAJ728', '127.0.0.1', NULL, '01a22c35-9bfd-711a-b3b7-9ed364ca9103', NULL, NULL, NULL, '{}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x0414c48a6f3dec6dbb0f07cb202ec513135676d1af86038ca49226f4001eef9a');
INSERT INTO public.audit_events VALUES ('acme', 118, '2026-11-30 11:27:20.574957+00', 'service_account.scopes_granted', 'success', 'user:alice', 'jwt:local', '01M8P3B6ZXE4DB7DWYT9QAJ728', '127.0.0.1', NULL, '01a22c35-9bfd-711a-b3b7-9ed364ca9103', NULL, NULL, NULL, '{"limited":"true","scopes":"credentials:read"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x22d40de6dc1dda6e9e8103e7b1991de13567d1b9a25bb58d0f11c3f8d990cc6d');
INSERT INTO public.audit_events VALUES ('acme', 122, '2026-11-30 11:27:20.596169+00', 'api_key.created', 'success', 'user:alice', 'jwt:local', '01M8P3B70HENGRRX40DEVFMATS', '127.0.0.1', NULL, 'kqr3idov4bfmmq2w', NULL, NULL, NULL, '{"service_account":"01a22c35-9c0c-7301-bdd1-6138ebcd74c6"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x254d0c83cc7486aaace93c96c7efd2c364b843fd57f96a948a17b0f6e96540d9');
INSERT INTO public.audit_events VALUES ('acme', 129, '2026-11-30 11:27:20.634897+00', 'api_key.created', 'success', 'user:alice', 'jwt:local', '01M8P3B71RE7W9YFPPQXM20QNN', '127.0.0.1', NULL, 'gqskomb75hpkbsry', NULL, NULL, NULL, '{"service_account":"01a22c35-9c32-7102-ad3c-4204222d0c57"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x19848c1050b8d057f071bd3920c89ac93dc42776aadd4e300a6fc84d0a2029ca');
INSERT INTO public.audit_events VALUES ('globex', 9, '2026-11-30 11:27:20.661709+00', 'api_key.created', 'success', 'user:alice', 'jwt:local', '01M8P3B72KEHPVV4QAGW15D75P', '127.0.0.1', NULL, 'b37g3nnn2yzj5w7p', NULL, NULL, NULL, '{"service_account":"01a22c35-9c48-7558-a319-62bcf259b243"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\xc77671e24007c898646ca45f301422d9817444e1bb53d0aaa73fc926ff7c3f4f');
INSERT INTO public.audit_events VALUES ('acme', 37, '2026-11-30 11:27:19.832222+00', 'credential.created', 'success', 'user:alice', 'jwt:local', '01M8P3B68MEHVSKNQX6N1DVK3Y', '127.0.0.1', '01a22c35-9916-71de-ab0a-ccda3537ba63', NULL, 'hubspot', 1, '\x87907751a74e2c21bfd3f73803e2204de9635d49b4d1c01e3cca40c1cf309db9', '{"credential_type":"api_key"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\xe643ad7f5e4927dda3aa17910225ffbb2492f4ea57da0edeee073512687becdc');
INSERT INTO public.audit_events VALUES ('acme', 41, '2026-11-30 11:27:19.867005+00', 'authorization.begun', 'success', 'user:alice', 'jwt:local', '01M8P3B69REZ2VP3VMWGKST5W0', '127.0.0.1', '01a22c35-993a-742b-a2b4-6960dcd99a42', NULL, 'google', NULL, NULL, '{"completion":"confirm"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\xfa3647fba2c3778a210697c7c6832955446a9289a065a7ba031ebab1bd82d64c');
INSERT INTO public.audit_events VALUES ('acme', 44, '2026-11-30 11:27:19.905671+00', 'authorization.completed', 'success', 'system:authorization', NULL, '01M8P3B6AWE2DSD140MT85Q5TN', '127.0.0.1', '01a22c35-993a-742b-a2b4-6960dcd99a42', NULL, 'google', 1, NULL, '{"begun_by":"user:alice"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x5775441c15f26b6c7c5ae7368749a2af5cbe543e2be44f7a05448f576922a226');
INSERT INTO public.audit_events VALUES ('acme', 46, '2026-11-30 11:27:19.932547+00', 'authorization.granted', 'success', 'system:authorization', NULL, '01M8P3B6BGENWB89DSD7QHX184', '127.0.0.1', '01a22c35-9968-73fa-9593-eaf6a0f5dd92', NULL, 'google', NULL, NULL, '{"account":"named","begun_by":"user:alice"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x18cfd5c7401dce0d770ea96b8e6651a2accac5bb3b72f666324ffecea7b945fc');
INSERT INTO public.audit_events VALUES ('acme', 47, '2026-11-30 11:27:19.932547+00', 'credential.created', 'success', 'system:authorization', NULL, '01M8P3B6BGENWB89DSD7QHX184', '127.0.0.1', '01a22c35-9968-73fa-9593-eaf6a0f5dd92', NULL, 'google', 1, '\x4855d75db7ec9ecd2a26cac7ce86198552a02110e7efd060979adbe9b11a04ac', '{"begun_by":"user:alice","credential_type":"google_oauth","status":"pending"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x7946e7c41caa06f1f20be6722f571b9fd5fbc78c0b9f1419d5faf3f308f3be57');
INSERT INTO public.audit_events VALUES ('acme', 56, '2026-11-30 11:27:20.15564+00', 'credential.created', 'success', 'user:alice', 'jwt:local', '01M8P3B6JRE2FTDZKAQ2AYXRSE', '127.0.0.1', '01a22c35-9a59-77d8-9c7c-fe33fc10e392', NULL, 'sharepoint', 1, '\x020d0d3038c1fffc8fa860728e6635c126d4cf9c61a1800ee4beccf0799b5089', '{"credential_type":"client_credentials"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x8168454af46a208d412240636d40483258e47b12c3b033f3fc5e9b22587eaa7e');
INSERT INTO public.audit_events VALUES ('acme', 60, '2026-11-30 11:27:20.195095+00', 'authorization.granted', 'success', 'system:authorization', NULL, '01M8P3B6KWENSV86XCVVSJRV0Y', '127.0.0.1', '01a22c35-9a76-739e-8284-9e162a9c74b6', NULL, 'google', NULL, NULL, '{"account":"named","begun_by":"user:alice"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x569481974c799c616638122e05d32b793258a4cbd49f74b8bcbca1196029e189');
INSERT INTO public.audit_events VALUES ('acme', 61, '2026-11-30 11:27:20.195095+00', 'credential.created', 'success', 'system:authorization', NULL, '01M8P3B6KWENSV86XCVVSJRV0Y', '127.0.0.1', '01a22c35-9a76-739e-8284-9e162a9c74b6', NULL, 'google', 1, '\x40dde275bb75527988e304deea6af393300f5abcaa1259bc5864a0827f6ce053', '{"begun_by":"user:alice","credential_type":"google_oauth","status":"pending"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x3f4ca2622593f51e3e60435703b0f9cd8d34e43f5aa84a6011508cb53501d24f');
INSERT INTO public.audit_events VALUES ('acme', 71, '2026-11-30 11:27:20.273712+00', 'authorization.granted', 'success', 'system:authorization', NULL, '01M8P3B6PAEYC8336T2JQPZNVA', '127.0.0.1', '01a22c35-9ac5-75d7-9a46-fb1b36cdc922', NULL, 'google', NULL, NULL, '{"account":"named","begun_by":"user:alice"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\xe5da8eeb6f7703ad713b3c4ed594435cad660487ac4a2f2310574e88fef35681');
INSERT INTO public.audit_events VALUES ('acme', 72, '2026-11-30 11:27:20.273712+00', 'credential.created', 'success', 'system:authorization', NULL, '01M8P3B6PAEYC8336T2JQPZNVA', '127.0.0.1', '01a22c35-9ac5-75d7-9a46-fb1b36cdc922', NULL, 'google', 1, '\xaf8cb626e5d55830728b7e0fa5a132c96d484c07a49f30fe5ee57f59dbe8b75c', '{"begun_by":"user:alice","credential_type":"google_oauth","status":"pending"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\xbc00942dc4abe9249e217c8e3baa33bcca34142823ab8ab2d4a1b09dbd90e423');
INSERT INTO public.audit_events VALUES ('acme', 76, '2026-11-30 11:27:20.298782+00', 'oauth_app.created', 'success', 'user:alice', 'jwt:local', '01M8P3B6Q8E4HV53W30G9QDT43', '127.0.0.1', NULL, '01a22c35-9ae9-75a6-9213-6e403d691853', NULL, NULL, NULL, '{"app":"microsoft"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x341b0570799646861fccc0e0c22d2a904bb9341261118c0ae006f7e5e4906c46');
INSERT INTO public.audit_events VALUES ('acme', 81, '2026-11-30 11:27:20.327112+00', 'authorization.completed', 'success', 'system:authorization', NULL, '01M8P3B6R3E4V9F3KQRMGDQ3CZ', '127.0.0.1', '01a22c35-9af1-7278-bb79-8c9d7458a17d', '01a22c35-9ae9-75a6-9213-6e403d691853', 'sharepoint', 1, NULL, '{"begun_by":"user:alice"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\xadf1819582dc4843917e3146df913a5814d1ab76b2ed3e71a1500141b864c7ae');
INSERT INTO public.audit_events VALUES ('acme', 88, '2026-11-30 11:27:20.37015+00', 'oauth_app.deleted', 'success', 'user:alice', 'jwt:local', '01M8P3B6SGEFJBT6MCS79JQM2X', '127.0.0.1', NULL, '01a22c35-9b0c-7189-b974-57f9407cc255', NULL, NULL, NULL, '{"app":"xero"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x0bc1564aa0dc04587f4e8fa9ad082651090887a9446ef3f49b538130f693dffc');
INSERT INTO public.audit_events VALUES ('acme', 89, '2026-11-30 11:27:20.377216+00', 'credential.refreshed', 'denied', 'service:robot', 'jwt:local', '01M8P3B6SKEC3TTCSGYMDM2WCZ', '127.0.0.1', '01a22c35-9b15-71ae-b1aa-13ca3f2a7241', NULL, 'xero', 1, NULL, '{"next_step":"Set client id and secret of the OAuth app; the grant is kept.","reason":"app_missing"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\xb2b9a2371e94848218b7392c51ebb2d60bb2fc3253bdc2a543d396882c56a459');
INSERT INTO public.audit_events VALUES ('acme', 90, '2026-11-30 11:27:20.388665+00', 'authorization.begun', 'success', 'user:alice', 'jwt:local', '01M8P3B6T3ERMVYQWDBNCT7E78', '127.0.0.1', '01a22c35-9b44-71ca-bc01-4f32f6fd8f91', NULL, 'google', NULL, NULL, '{"completion":"confirm"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\xadb96dbfed71547acd09057a15c90ed01b51104c8f8ee8ce1154d6bd5565df10');
INSERT INTO public.audit_events VALUES ('acme', 102, '2026-11-30 11:27:20.472316+00', 'authorization.granted', 'success', 'system:authorization', NULL, '01M8P3B6WGEMZBMS2C6D184NKG', '127.0.0.1', '01a22c35-9b60-723c-a30f-7950cae805f8', NULL, 'google', NULL, NULL, '{"account":"the same","begun_by":"user:alice","reauthorizes":"true"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x3a6e004fb9063176bd6c94eac74ae09cd9459103ba968563c30a86a0201a69a8');
INSERT INTO public.audit_events VALUES ('acme', 114, '2026-11-30 11:27:20.545208+00', 'api_key.created', 'success', 'user:alice', 'jwt:local', '01M8P3B6YYEKHS18QTXHH2B1Z3', '127.0.0.1', NULL, 'bhnyzyk6dak6jjdt', NULL, NULL, NULL, '{"service_account":"01a22c35-9bc6-769d-981d-71a368db2955"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x5f93447d45a7cfd2df87a90ac8cc5411b4ad101fac54f5d64b00ce1b3fae62b1');
INSERT INTO public.audit_events VALUES ('acme', 123, '2026-11-30 11:27:20.603625+00', 'service_account.created', 'success', 'user:alice', 'jwt:local', '01M8P3B70SEFWRCJHQFJZWQYA8', '127.0.0.1', NULL, '01a22c35-9c1a-742e-bc95-712787317c23', NULL, NULL, NULL, '{}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x89422974b0f1e1c51c2fa3ace4073a7b12a7bc6bf3feaa9853ee32c37f41e5e2');
INSERT INTO public.audit_events VALUES ('acme', 124, '2026-11-30 11:27:20.603625+00', 'service_account.scopes_granted', 'success', 'user:alice', 'jwt:local', '01M8P3B70SEFWRCJHQFJZWQYA8', '127.0.0.1', NULL, '01a22c35-9c1a-742e-bc95-712787317c23', NULL, NULL, NULL, '{"limited":"false","scopes":"credentials:read secrets:read"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\xd58574b81126863af6d303b41d8a45e143bd0f650c0ddb329f6b4005c949f32b');
INSERT INTO public.audit_events VALUES ('acme', 126, '2026-11-30 11:27:20.622772+00', 'service_account.updated', 'success', 'user:alice', 'jwt:local', '01M8P3B716EFYRZCVYMF0APJEE', '127.0.0.1', NULL, '01a22c35-9c1a-742e-bc95-712787317c23', NULL, NULL, NULL, '{"status":"inactive"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x48538bd2a23a9330e81c2d971cd919778bd19a6de4efe100b2b461e4aa68d8c0');
INSERT INTO public.audit_events VALUES ('acme', 130, '2026-11-30 11:27:20.644584+00', 'service_account.deleted', 'success', 'user:alice', 'jwt:local', '01M8P3B721EY693DMD17CHKN3S', '127.0.0.1', NULL, '01a22c35-9c32-7102-ad3c-4204222d0c57', NULL, NULL, NULL, '{}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\xbbbce9794f574ad7550411fa22446d6cd0c53a049775944aeb477d3fbe447030');
INSERT INTO public.audit_events VALUES ('acme', 132, '2026-11-30 11:27:20.670352+00', 'access.denied', 'denied', 'user:mallory', 'jwt:local', '01M8P3B72SEX5VP7FQN2GYSGCT', '127.0.0.1', NULL, NULL, NULL, NULL, NULL, '{"operation":"QueryAudit"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\xbba31825685d41d6af91e29ad997a0eb5ffbe9decfaaeb7b6c27efd9f6a244a9');
INSERT INTO public.audit_events VALUES ('~system', 2, '2026-11-30 11:27:20.670359+00', 'authentication.failed', 'denied', 'system:authentication', NULL, '01M8P3B72VETR9WWEGJF95DFV0', '127.0.0.1', NULL, NULL, NULL, NULL, NULL, '{}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\xc0b314a38336f9b12f6052967c70413ef45fc9328181f0fda9172c39280faec1');
INSERT INTO public.audit_events VALUES ('globex', 10, '2026-11-30 11:27:22.001415+00', 'organization.limit_set', 'success', 'system:cli', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{"limit":"1"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x377484d7f3b014850d6cbec124961077c3756f5ffdd4b01975152929bc0d53a8');
INSERT INTO public.audit_events VALUES ('~system', 3, '2026-11-30 11:27:23.990109+00', 'server.started', 'success', 'system:server', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{"settings_digest":"dd050b3b769e305f578ed62ce3555635dc88e499d2e743fe8d3c33c36d60d194"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x044383bb3594b97f7e89d60f1c97b52679fdd0558941b62b158e5f8864f7bc69');
INSERT INTO public.audit_events VALUES ('acme', 135, '2026-11-30 11:27:24.130575+00', 'authorization.begun', 'success', 'service:robot', 'jwt:local', '01M8P3BAESENQ8NEPQQN4YXH0G', '127.0.0.1', '01a22c35-a9df-74ae-8a35-ab5460618759', NULL, 'dropbox', NULL, NULL, '{"completion":"bound"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\xf5959a1a6fd0323aa4ee796c264defd82b5a6855e459437d5b4a761a565e3ba1');
INSERT INTO public.audit_events VALUES ('acme', 136, '2026-11-30 11:27:24.157966+00', 'authorization.granted', 'success', 'system:authorization', NULL, '01M8P3BAFDET2TG0CX5A8CQZQ9', '127.0.0.1', '01a22c35-a9df-74ae-8a35-ab5460618759', NULL, 'dropbox', NULL, NULL, '{"account":"named","begun_by":"service:robot"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x443b67a1dfe5111230d13ffa711f20be7a3e49f5f6788e3360f4d30759ba050c');
INSERT INTO public.audit_events VALUES ('acme', 137, '2026-11-30 11:27:24.157966+00', 'credential.created', 'success', 'system:authorization', NULL, '01M8P3BAFDET2TG0CX5A8CQZQ9', '127.0.0.1', '01a22c35-a9df-74ae-8a35-ab5460618759', NULL, 'dropbox', 1, '\x138c30c99d5220b35507d4a5668625187d7727982ab141cb48b711668e9eadaa', '{"begun_by":"service:robot","credential_type":"oauth2","status":"pending"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x6e98ad429080744e491c1652b0375f01c943df22ae516121d6126996fce55d0a');
INSERT INTO public.audit_events VALUES ('acme', 138, '2026-11-30 11:27:24.184027+00', 'authorization.completed', 'success', 'service:robot', 'jwt:local', '01M8P3BAGDEA28TZ0R557R4BAB', '127.0.0.1', '01a22c35-a9df-74ae-8a35-ab5460618759', NULL, 'dropbox', 1, NULL, '{}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\xb154ea082a947d0bf257eb4b8f2fb83fd4ab287cc512428a39bd5c8d3e9f6e12');
INSERT INTO public.audit_events VALUES ('acme', 139, '2026-11-30 11:27:24.191671+00', 'authorization.begun', 'success', 'service:robot', 'jwt:local', '01M8P3BAGVEP595B9K34TCXQRS', '127.0.0.1', '01a22c35-aa1f-7672-8348-f26083e6916c', NULL, 'dropbox', NULL, NULL, '{"completion":"bound"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x7fa444dacf72f92112b789cf9f02a72edb165b5e2eaea2998ba4663bac24e30a');
INSERT INTO public.audit_events VALUES ('acme', 140, '2026-11-30 11:27:24.220652+00', 'authorization.granted', 'success', 'system:authorization', NULL, '01M8P3BAH9EJRTJZS1T2AH2Z6F', '127.0.0.1', '01a22c35-aa1f-7672-8348-f26083e6916c', NULL, 'dropbox', NULL, NULL, '{"account":"named","begun_by":"service:robot"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\xf4c3b1c4a3ded0b02800344e5435711f6b45802a40c6c89499b6ba29922ce694');
INSERT INTO public.audit_events VALUES ('acme', 141, '2026-11-30 11:27:24.220652+00', 'credential.created', 'success', 'system:authorization', NULL, '01M8P3BAH9EJRTJZS1T2AH2Z6F', '127.0.0.1', '01a22c35-aa1f-7672-8348-f26083e6916c', NULL, 'dropbox', 1, '\xba4438b7266da0145035929c6a7544e0334199fda3dc33b9fb33feaa3d2c3b93', '{"begun_by":"service:robot","credential_type":"oauth2","status":"pending"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x8d93c992162d273dd5a6717732629a089f758ec2104b614fbab9fbb04d5c0330');
INSERT INTO public.audit_events VALUES ('~system', 4, '2026-11-30 11:27:26.177718+00', 'server.started', 'success', 'system:server', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{"settings_digest":"dd050b3b769e305f578ed62ce3555635dc88e499d2e743fe8d3c33c36d60d194"}', '01a22c35-8f2a-7729-99bd-4285e91bd0aa', '\x222f3346d36c48cd31fe958a7fb0aaf6245607bf08049000f3ebe2df6a49914d');



INSERT INTO public.audit_heads VALUES ('acme', 141, '\x8d93c992162d273dd5a6717732629a089f758ec2104b614fbab9fbb04d5c0330', '2026-11-30 11:27:24.220652+00');
INSERT INTO public.audit_heads VALUES ('~system', 4, '\x222f3346d36c48cd31fe958a7fb0aaf6245607bf08049000f3ebe2df6a49914d', '2026-11-30 11:27:26.177718+00');
INSERT INTO public.audit_heads VALUES ('globex', 12, '\xba7a41204fefcd1a7161c5411e39cb5ba353a3c2f80f2b933846e93f2860a31d', '2026-11-30 11:27:22.02525+00');



INSERT INTO public.authorization_flows VALUES ('acme', '01a22c35-9b9b-7694-8b14-c7e1223adee3', '\xa3828e5e9a52e90ebfd6c2a800642625f0cf790b9c1c552e75b4dca8532cb5f3', 'granted', 'google', 'google_oauth', NULL, 'user:alice', 'alice', 'alice', NULL, 'https://vault.example.com/integrations/google/callback', NULL, 'To expire', 'openid https://www.googleapis.com/auth/userinfo.email https://www.googleapis.com/auth/userinfo.profile', '{}', 'confirm', '01a22c35-9b9b-7694-8b14-c7e26d8e9d3a', NULL, NULL, '\x9a10d4df490f4e1a', '\x01019a10d4df490f4e1a6490fa0ae01be68b386bc2f0572984b5605e947750d25b6ef78895f660da93b30630e16e8c7b12b30cad52fe10cdca53b92e7c6f32b3ab06e94fcf73f1019168a90f990e3b849f56cd172e94ebbc76613245c771e7d6d251f95bd4067488124ac07237e6c450917c42a638f9484ce1dcab0494389d90263c115332b8a34b85e79768d43bafe802328c48382a9b4d39c0d4f766a4c370f9b6', '\x88c6922f04468502b305aef8b47ece2a6aedbd14ab2607d8138d616ddbf80f32', '2026-11-30 11:27:20.475963+00', '2099-06-01 00:00:00+00');
INSERT INTO public.authorization_flows VALUES ('acme', '01a22c35-9b79-70f7-817e-440613903873', '\x688429d56f451753b303f091940590a33151983b197aeb66f8746385edbe025d', 'granted', 'google', 'google_oauth', NULL, 'user:alice', 'alice', 'alice', NULL, 'https://vault.example.com/integrations/google/callback', NULL, 'To confirm', 'openid https://www.googleapis.com/auth/userinfo.email https://www.googleapis.com/auth/userinfo.profile', '{}', 'confirm', '01a22c35-9b79-70f7-817e-4407316556e1', NULL, NULL, '\x9a10d4df490f4e1a', '\x01019a10d4df490f4e1ac2a8e8adb6a0e5a1ffe171ae2dce9209f18d74a763a0e7053857e920de843e8578575411d1db7d20487874c9f4a9deeb3a6f951517208392acec79f98df13268c378d8511ff48edb21c0f6b87434bdfbd090ddf79f7990406f5e7a4a6bda2b3701e2d28018d1ba47e084110ec9853bd1b1f8615464561d27d43c35a237cf8582030780a2c0e994e4486a67c47eda9f8f45f6f6bb5254eab1', '\x106d2c8f488d40317b75abe6d82de546f57a37b1b91742e3ee35ba8bb8d9d55e', '2026-11-30 11:27:20.441249+00', '2099-06-01 00:00:00+00');
INSERT INTO public.authorization_flows VALUES ('acme', '01a22c35-9b49-7085-94b4-9a97aa5a6125', '\x918963548474c2908d1a305eb97f599939b072b7e242a0dd09e6cce8138c8bbb', 'begun', 'google', 'google_oauth', NULL, 'user:alice', 'alice', 'alice', NULL, 'https://vault.example.com/integrations/google/callback', NULL, 'Begun', 'openid https://www.googleapis.com/auth/userinfo.email https://www.googleapis.com/auth/userinfo.profile', '{}', 'confirm', '01a22c35-9b49-7085-94b4-9a983396df58', NULL, NULL, '\x9a10d4df490f4e1a', '\x01019a10d4df490f4e1a4c8d1e6564c51ed25fddb981c3f9d0eb49cb2198e37dbe7b4912b891f4ada51ca760e624beb3372fb56f18ce80439bc57722e0a096b249f3d8c579aadda6c1c43681840190dea3179c604083e0b0943d458943666280ee7d4a2b94f282b52202c2be514b4d34ad7a8c46f0289a97b7e06c2336437b4cce25e82f35a47217d3cc18f2748fe3cfb449d7fc677744721cbc0330e4d2169f0a5e', NULL, '2026-11-30 11:27:20.393458+00', '2099-06-01 00:00:00+00');
INSERT INTO public.authorization_flows VALUES ('acme', '01a22c35-9b54-747d-bc51-4544e8a0b02a', '\xc7386b89d95f15ece1840088bf2d0c950afecd6eff92c905650ce5ff8e8eae97', 'begun', 'sharepoint', 'sharepoint_oauth', '01a22c35-9ae9-75a6-9213-6e403d691853', 'user:alice', 'alice', 'alice', NULL, 'https://vault.example.com/integrations/sharepoint/callback/01a22c35-9ae9-75a6-9213-6e403d691853', NULL, 'Own app', 'offline_access Sites.Read.All Files.Read.All User.Read', '{"tenant":"tenant.example.com"}', 'confirm', '01a22c35-9b54-747d-bc51-454500eb875e', NULL, NULL, '\x9a10d4df490f4e1a', '\x01019a10d4df490f4e1a30e3e03721a31831f8af57ae00f1eb28f3ce3bd9a4e1335ce9c58eb4e63323a2d2ebd60dc53b2b5275b9e4c66e6cfa67d160533bf447dba810768736f9938298f41af68aeeced83629ed900ecf2858dc7849ac6e691258d78feb6b6f0bd1144a14d177e97d76a025a35f71879c8491a36611a38e3fde7f48659d8f044c4db570aa1f605cf2d2a7fe359616c7922635ff46c486c9f609d0a3', NULL, '2026-11-30 11:27:20.4041+00', '2099-06-01 00:00:00+00');
INSERT INTO public.authorization_flows VALUES ('acme', '01a22c35-9b5b-71ff-8baf-8d94c8d15761', '\x5cb2e4851bee40c135ceeae5c74fc20aff099e34b125e880076d9150d7704c3d', 'begun', 'slack', 'oauth2', NULL, 'user:alice', 'alice', 'alice', NULL, 'https://vault.example.com/integrations/slack/callback', 'https://app.example.com/done', 'Slack', 'chat:write,channels:read', '{}', 'confirm', '01a22c35-9b5b-71ff-8baf-8d95245d6663', NULL, '01a22c35-9b5a-76f3-9f84-86771d20e639', '\x9a10d4df490f4e1a', '\x01019a10d4df490f4e1a51fbdfa34ed7a8a7af74c831ef3aaaf1000b16579cb001a33d04befef9336bc76eff597f6c0b806efb70ad23a0ec9e25f7b999a4d988d7649ce919b876d9b4a4c6e9fb0cfe8760bb3affb6aa8c7e05a05532fcc51b20dce956e8b274d0ca930fbb22617c57d717fb037333ccbd334cab435ac60a70e0228d0dc51fde2dc761c9c0ab7f000a5c3c0691122f7d47171b3c470d860b4d437d34', NULL, '2026-11-30 11:27:20.411628+00', '2099-06-01 00:00:00+00');
INSERT INTO public.authorization_flows VALUES ('acme', '01a22c35-9b8a-71c6-9c1c-950c5fbc2218', '\x0c39d70e6f8fb0eb05e159cfa2b71a34090425a25b349f4218a27f94355db7c8', 'granted', 'google', 'google_oauth', NULL, 'user:alice', 'alice', 'alice', NULL, 'https://vault.example.com/integrations/google/callback', NULL, 'To authorise again', 'openid https://www.googleapis.com/auth/userinfo.email https://www.googleapis.com/auth/userinfo.profile', '{"scope":"openid https://www.googleapis.com/auth/userinfo.email https://www.googleapis.com/auth/userinfo.profile","token_type":"Bearer"}', 'confirm', '01a22c35-9b60-723c-a30f-7950cae805f8', 1, NULL, '\x9a10d4df490f4e1a', '\x01019a10d4df490f4e1a3271ecdec71fe193e690109d0311a491109e75ba81e5b6d18b8d7a40adb17f49a2a25e50c204dce9de4c1efa0563e029644ac7bdf655cd09877d9eed0a5d635e4d3a71e25fae00e952946fa4ce91d3cc2dc8a0820508e8f840f85613e6e986046ae8a01a6359839ab79c0cef17e551909a18523ee123032c37dc90a67c3f3e3cd2701f4e95c6305869eb61d8833d071811cb2bfb0805a6918ff1fa645429b88c6c2d7ac814e99b812ec2567e0c31e2ba035c9100ed82ffecbf1811265e2487628866bdc7e6310e57e08816fe461c500156976fa79022a6f198906fc263a4725cf65b27997f823e34f39f919c241f82ec1f846c173dc5b82518c4cb640decf3567a30d03188f386c0e010c9c1120514da35e7a8ca9eeb86b6da42ad2e9831aa17f18b4ce49e58927041976f8224f32e81c1ddbafd1f4f4c8f23a405b5a1759de275b60661619bb76c920165619ef0cf8809a2c0a18b98bad314ec1cd20a114bd4ffbc972cde3e39a00b269518b015eac4b100873666adcbaeabf4d293d33f8f6826f1c62dda84daaf4ec5a185aa6b779bcb87483f7e41fdb503476972123e97f4cdd047699fdc6eaf0eda0c8fb1060dc738a8491e95a9a017dce200f03a5b762b1e91f088a735257944fd77694614d25d39b8fdddd27caccf', '\x04ed81f1fac1fcf958fe2035fb4bbec7f95bf17572d5646f0cf07190bdcefdf9', '2026-11-30 11:27:20.4585+00', '2099-06-01 00:00:00+00');
INSERT INTO public.authorization_flows VALUES ('acme', '01a22c35-aa1f-7672-8348-f25f6b2560a4', '\xd913682de400e7a35fd20e9a132dd0d5289cd8a098f9f0ba3a8d12e47f70e9c6', 'granted', 'dropbox', 'oauth2', NULL, 'service:robot', 'robot', NULL, '\x1521ace37b69752e7280bfb1051cfed0fa892d740eb9f70f70aa1a6937c08774', 'https://vault.example.com/integrations/dropbox/callback', 'https://app.example.com/done', 'To complete', 'account_info.read files.metadata.read', '{}', 'bound', '01a22c35-aa1f-7672-8348-f26083e6916c', NULL, NULL, '\x9a10d4df490f4e1a', '\x01019a10d4df490f4e1a00b5026a0abe29985e5b7886d940e64b4f8024c0969eeb3f6f1cd45ce2f2ff6949beb3a6a0ff1c63bd57904041f766b35fd4f280c8f04aa277e2e24f9321156ec75491af4484e4cf5098eb4ee67f754142b7dd00696b0c464f25a118e3da96714362ad7706dcc9764a5fcb2c37d02f187a4b0999f822fa6037e56438ac3174391e3923a4c3d5724a49ca8c634a4f5d6cbe3cb13dd1152d84', '\x8b8f353c6b70476cbee096e1223b66ad7ecd29eb7e78bf42ad3833e38a93ce15', '2026-11-30 11:27:24.191023+00', '2099-06-01 00:00:00+00');
INSERT INTO public.authorization_flows VALUES ('acme', '01a22c35-9b44-71ca-bc01-4f3117ea80b0', '\xd359665efb59d2741b85bdae46e4d8ea928525f01f63572337de0228171f3567', 'begun', 'google', 'google_oauth', NULL, 'user:alice', 'alice', 'alice', NULL, 'https://vault.example.com/integrations/google/callback', NULL, 'over by now', 'openid https://www.googleapis.com/auth/userinfo.email https://www.googleapis.com/auth/userinfo.profile', '{}', 'confirm', '01a22c35-9b44-71ca-bc01-4f32f6fd8f91', NULL, NULL, '\x9a10d4df490f4e1a', '\x01019a10d4df490f4e1a4fdf2132e4f8175dff2b4ed91fe9d86ffab24d42a8d406a27635159a8789e84235612af9e5467fd5d82d388432eee7f3caf3037edcdc70d2af2478a389e4f7448d8fc6df38174c78e4edee0d009df0f833329c52ba2310bcee238229979f61fc3c36de565dff15a6b63e29faeec586118ec4081a77ed78a61fca3b7acc2f363d7f2731bb6811b464b172b1184e714564a1eea0aef00e7544', NULL, '2026-11-30 11:27:20.388145+00', '2020-06-01 00:00:00+00');



INSERT INTO public.credential_quota VALUES ('acme', 'postgresql', 1);
INSERT INTO public.credential_quota VALUES ('acme', 'aws_ses', 1);
INSERT INTO public.credential_quota VALUES ('acme', 'sftp', 5);
INSERT INTO public.credential_quota VALUES ('globex', 'sftp', 1);
INSERT INTO public.credential_quota VALUES ('acme', 'datadog', 2);
INSERT INTO public.credential_quota VALUES ('acme', 'pagerduty', 2);
INSERT INTO public.credential_quota VALUES ('globex', 'datadog', 1);
INSERT INTO public.credential_quota VALUES ('acme', 'salesforce', 1);
INSERT INTO public.credential_quota VALUES ('acme', 'hubspot', 1);
INSERT INTO public.credential_quota VALUES ('acme', 'custom', 2);
INSERT INTO public.credential_quota VALUES ('acme', 'pipedrive', 0);
INSERT INTO public.credential_quota VALUES ('globex', 'salesforce', 1);
INSERT INTO public.credential_quota VALUES ('acme', 'slack', 1);
INSERT INTO public.credential_quota VALUES ('acme', 'zoom', 1);
INSERT INTO public.credential_quota VALUES ('acme', 'sharepoint', 4);
INSERT INTO public.credential_quota VALUES ('acme', 'xero', 1);
INSERT INTO public.credential_quota VALUES ('acme', 'google', 6);
INSERT INTO public.credential_quota VALUES ('acme', 'dropbox', 2);



INSERT INTO public.credentials VALUES ('acme', '01a22c35-947e-75ca-98f3-c830b85c21fe', 'sftp', 'user_password', 'Over since 2020', NULL, 'unverified', NULL, '{"host":"files.example.com","port":22,"username":"etl"}', '\x9a10d4df490f4e1a', '\x01019a10d4df490f4e1a5f50969bed05d35daf7356cfb9a2692aa0a8b1dcebeb7093bd30f191633943a6da1cb5bc4aea8a8bb95ee72ce6cd53c9a750ab7b7d7cbb6a7af806460aa9f4d57820aa89f6df9338180f30b65fbb1d31389ffc0e3c7cc4799a84e3ce9b18a19d9890dac0c33d974f72073becec72c1f209c327d8d7f8528a4e9df1d039e75287fa37220fe8be12b2c81437dd2baafe9fc26c9dac66d950a8', 1, 1, 'alice', NULL, '2020-01-01 00:00:00+00', NULL, NULL, NULL, NULL, NULL, '2026-11-30 11:27:18.65483+00', '2026-11-30 11:27:18.65483+00', 'alice', 'alice', NULL, NULL, NULL, NULL);
INSERT INTO public.credentials VALUES ('acme', '01a22c35-94b2-769a-8ed3-173c6494b081', 'sftp', 'key_file', 'SFTP', NULL, 'unverified', NULL, '{"host":"files.example.com","username":"etl"}', '\x9a10d4df490f4e1a', '\x01019a10d4df490f4e1a03d7d9b312bd7846af3b49f836e32c7c1b5c6dd63505aa2e31aafc671d168384a1302424a45b9e29a496ab6bb9ed6e5824d5c8769418b325a6427fcdacd6a65a2d79abb8bb1500152db70232b7b729c191ea804f0ebe14f26e104f69753d72b7287beaa557635b9f6cc65978769feb5b0de8d11c4be8ab26a2dc8d1976fdaa5351614107303e45e2e86bc80fe0c570a1f673f9e2b93e056e9520fc2a81abd36ec2b67339ab64e7cfd3af849b17006984f747cabca699b022affa4f4cfbd0ff0f5586b84b94c78e5889cd4c1226475040b4f59cb407ca3ce3a873a20c13c597271802de28c2e54a4dc2e376215d2a3271143bbb2d440240b32d142b8ea16bb7fbc7692f814fc8f9e0c149ba461307746f400a9e99bcb7948e165a2c05f9ba0d8c3fda655c30253286057506597b3d9738da5935be779c1116db4626cdaf26a3eaee947c4c1587831be7e3af4c4202c8b78ad9b1c890c9a47c4d20556a66996849e85671f755f8b98faa21087d415a77986ae9fc4a68550e1475d4cee939f90040a27e54ecc0b075c13e925abbe20cb3545c15d4ccf89b8fc479cbfdbf03048ed06a86b2bd8b57b2d3855e1a0367b60a2676bd8b33bc58ec08a82f95adafa91d46082873020824ff9035d4773dfe521ec18f400d550aadfe04fe2470944f5c8e377b3824a4b8008a917813defbe72a66bd8473a46ad4297ec3832fff4cf857ffa60ec7ff41ee2a692a5991adbe57a875d384068abc2d386590', 1, 1, 'alice', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-30 11:27:18.70665+00', '2026-11-30 11:27:18.70665+00', 'alice', 'alice', NULL, NULL, NULL, NULL);
INSERT INTO public.credentials VALUES ('acme', '01a22c35-96da-7048-8a07-259f04fa857e', 'sftp', 'key_file', 'SFTP', NULL, 'unverified', NULL, '{"host":"files.example.com","host_key_fingerprint":"SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","port":2222,"username":"etl"}', '\x9a10d4df490f4e1a', '\x01019a10d4df490f4e1abb39f0c8f914baa845e1e5cab6380f5e6afc97622ff51222f7d238b580e56009358ae0b4cfb0b263d35238a289cb703c82e8872125eeaf30773e673f255399210be3fe98162e514cce70948f231dcfaced75048e634fdcc9eb6d2ee1caa0855121fa3428e15533ef713711eccbce0ef6adbd4a9b3024d561d9c8219b0c7ba168b53fba96fe4d252925175c22920581abc7f9a3a5845f0219d3c18dc4e362697bce22c5855742007165ad207e4fd05f38e4fa7d1372a7f7fbdae9a3b0182e73efc3bdef3ce48e64650e73bad2cae2be29ac16de90c8f09f901aa1cb093dd65f0e4669d7d6abcb21d6333262a3e5742fd33ac30490809c1aa897d8a45f07428399c66c221d6acc10a91562780fb6c6658bc4fc3dd6708af835a3d2897c01a93667cc1430d02911a9cf4c86f18434b9e685dc43bc3d7c9b4910ba45375b7d36f9eedb884c1e767a6775d91eabcfe1ca90c07259750dbc45e74b3a7ca12401b23ad09c8bee0fbb18eeb7a29106567858b5ea38dfd8c5a9d4a50b13b05513a6838ead3a27d2ac1606684173274d98e00d80f5f21036f1e6c615c303f7214ec907cec7ba7ff0677753edacebb79f05eec2b32cd4065bba175663ccd2ab3924ba3c0e1eb2dfbc9ed67f745461acc9aabb83b627c36a3aa52b52ea055c19b185045ef059bb81e6bf10649d85c167f368b9bd2dfd42222c725e1da030d6dad852b1a22de3e1d9363030eb6c028645630fc52ef89918f84c94395b31b7ffe2f6ef0d06719e2044211efd267a5c816aaf931b62573a718e796e2edca25cf9f8c30585d430caab6e2a24a42e3db0b3952fbffaac5174ecdeff4683073907', 1, 1, 'alice', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-30 11:27:19.258437+00', '2026-11-30 11:27:19.258437+00', 'alice', 'alice', NULL, NULL, NULL, NULL);
INSERT INTO public.credentials VALUES ('acme', '01a22c35-96ec-7454-8328-dd198b188590', 'postgresql', 'user_password', 'PostgreSQL', NULL, 'unverified', NULL, '{"database":"sales","host":"db.example.com","port":5433,"sslmode":"require","username":"app"}', '\x9a10d4df490f4e1a', '\x01019a10d4df490f4e1ae1b132db5591b074aac18f9c579947486cb059a91eec752c6adc84d323a9ec71291af0427cc10a54deb82609c48c3f5c053db143f8eb6ff0cf6acae5a2c275724b683e3f0220d289c1dfae8b66c58fe78c904841255e87873d22101d6649312281d7fdb77ceb7d3bc29bb0a5adaf831dccf2ad16b402e76bb28ce0d4bcb1956662ed4ba026be4bd2b02bf819dec4afe68908fed73278c269d813e433cbb1733cc0c168b0c7e8727ef131bc54c82bffe894316e652cb0332711fa49d981462f9066eeeec9f202e399dbf2c3b2ed961a07899bea93311dd90ec07cf0bfb976dd8af13673ead1cbca2c482e9f25fad5453b474d1119f6a888fa6ac1705881afde31fc8b6c8701ccef8ea82c3420b6f2ebc2da389ba57720bcfb', 1, 1, 'alice', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-30 11:27:19.276681+00', '2026-11-30 11:27:19.276681+00', 'alice', 'alice', NULL, NULL, NULL, NULL);
INSERT INTO public.credentials VALUES ('acme', '01a22c35-96f7-712a-bb6f-aa86a462e8c9', 'aws_ses', 'api_key', 'Amazon SES', NULL, 'unverified', NULL, '{"access_key_id":"AKIAGOOD000000000000","region":"eu-central-1"}', '\x9a10d4df490f4e1a', '\x01019a10d4df490f4e1a254c013fb35ff5d1ed9c6ce13d96c914dfe91fcaf5db9a396f540477ea43392c52cee300c0a37783283bc884433455e135bcfce00d099d7cec41916c7e2b34a5c255b1250bec2ea01e090ef59e1e94502e653b6e962775c6254b93d0465a3356ec65908ec4cc7842e86673dedc7a9309287fa3986586232378d36d14101a69b4a1c67893d75410181bb6c65c2f9d75743a174bf5a30a3a6d58ad3fa761dc5b7108a0ef34fa00ee293141f9911d20b22afa0f21a4780e8a5d3f2245c2f1fbf20e106d6f14b44c6efb88d99f630408e70d6d6e5dd431a1f7fe', 1, 1, 'alice', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-30 11:27:19.287252+00', '2026-11-30 11:27:19.287252+00', 'alice', 'alice', NULL, NULL, NULL, NULL);
INSERT INTO public.credentials VALUES ('acme', '01a22c35-9719-724f-ad72-138ccfc5ea2e', 'custom', 'user_password', 'Custom (HTTP)', NULL, 'unverified', NULL, '{"base_url":"https://api.example.com","username":"app"}', '\x9a10d4df490f4e1a', '\x01019a10d4df490f4e1a9ff45a3ee23923e0adf5803c6afa6727e6903795d4fa553eec78f16ceae88f403caa03b07e4b734005d4d06e8eae9055a650bcf6ad106b72de3d7fda66e7efd7da8251e0a71368e20e602af7c8666775b1d5baea2e3c63c63b27b971c9d104700f0e9c8d7098b3519e31296d360f260e0889e465ceb482dbd83a2817aa35554fad385e51ff4c87b435be9f9b3b9d76ced45f693d2ff4c38f', 1, 1, 'alice', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-30 11:27:19.321205+00', '2026-11-30 11:27:19.321205+00', 'alice', 'alice', NULL, NULL, NULL, NULL);
INSERT INTO public.credentials VALUES ('acme', '01a22c35-9888-743a-9060-a0b54c2ec7b4', 'pagerduty', 'api_key', 'On call', NULL, 'validated', NULL, '{}', '\x9a10d4df490f4e1a', '\x01019a10d4df490f4e1a8f406c261b3b9f108edab486109f098b14ad702ac2dbd031b8eaac020d06e5e7f28652d9703f4be9156f03c2049811b0606475ef71f5479c197e752913c6ed35c999a39e24b7cba106bb1772b66ed7dbafcb2c50760966c59e35e7a3ae4ad87cca67e59879b30493798ce77e3a92ddb9eb3ed5ee6cc9352fe37b1bcb2f99388ab759d24bf1c9fae91aa636aebc5e64df909e9465dccaf4ed', 1, 1, 'alice', NULL, NULL, NULL, '2026-11-30 11:27:19.678423+00', 'ok', NULL, NULL, '2026-11-30 11:27:19.688342+00', '2026-11-30 11:27:19.688342+00', 'alice', 'alice', NULL, NULL, NULL, NULL);
INSERT INTO public.credentials VALUES ('acme', '01a22c35-9785-774b-ba79-9c5d1245f737', 'datadog', 'api_key', 'Tested at the start', NULL, 'validated', NULL, '{}', '\x9a10d4df490f4e1a', '\x01019a10d4df490f4e1ae6653fa4623f48fd358c7bc9e91d662b655386a761c94cd60a9256b7f820df32da34c498f16672875ed3db881c43e616f059c6bdf59b6410c6c1f3c209c5bdd4ba642d85b12c0a97c730279aa07c8777ebfb927704e06dd0eb526bda35b3207afbcb256b403b2b7bbb50d62401b0776161fcb6facf5f0d30f49429445415d9ab01ac91193f59d097c1341aaf69912e8f26108de462d37ae3c93ff04b32c405aa4b70b4fe91a554b371b53856adfb0605419308f8b84a1d845be2324af40df33ad6a4ef3630dfcd64bc90abbfd4450c9d006bda9c8561b7a9', 1, 1, 'alice', NULL, NULL, NULL, '2026-11-30 11:27:19.415258+00', 'ok', NULL, NULL, '2026-11-30 11:27:19.429256+00', '2026-11-30 11:27:19.429256+00', 'alice', 'alice', NULL, NULL, NULL, NULL);
INSERT INTO public.credentials VALUES ('acme', '01a22c35-9797-77d2-b5a7-43c08f62793a', 'pagerduty', 'api_key', 'PagerDuty', NULL, 'rejected', 'PagerDuty refused the credential.', '{}', '\x9a10d4df490f4e1a', '\x01019a10d4df490f4e1acfc8e3025ca01678a41edd0fec25880983d32d12f57a9502b3f51750b44b6d47fdf3500dfdb8fcd73f84094bf965f332d320cdedfa7d0955e6b10cf892031123fa69cbd80ba421e8a2a7193e77aa6a05137b14257a85f1e9250c462a0b05f529f2c36b8f560e0c2d546703c72b490da9497ad273e034f11feaac2c49ebcee7098197ef9101f4c8911167093e7582b18a93afc8d5da2db10e', 1, 1, 'alice', NULL, NULL, NULL, '2026-11-30 11:27:19.459478+00', 'auth_rejected', NULL, NULL, '2026-11-30 11:27:19.447106+00', '2026-11-30 11:27:19.447106+00', 'alice', 'alice', NULL, NULL, NULL, NULL);
INSERT INTO public.credentials VALUES ('globex', '01a22c35-9834-74b9-beba-93e713c50f54', 'sftp', 'user_password', 'Of globex', NULL, 'unverified', NULL, '{"host":"files.example.com","port":22,"username":"etl"}', '\x9a10d4df490f4e1a', '\x01019a10d4df490f4e1ac58bf4dc4009120a076c7735536cf163270f225d38a338572bbb4c03c332778d7867d0e28aa4f3e39b8416bb89ed3b7295e231eaaae9aecf03cbca07dfab10eab315958fe35c60d60a276bf12a4ec12f8b2386ef77232c3d3af3520f1b3f80876ea78a5ddfec09e2aff0f0a7ab8be2a0bb2fe83ec997f63c3a978e9f565f8279038d4b3acb7d8a5c1605cc2bef4c45aae6a287e376651b18', 1, 1, 'alice', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-30 11:27:19.604656+00', '2026-11-30 11:27:19.604656+00', 'alice', 'alice', NULL, NULL, NULL, NULL);
INSERT INTO public.credentials VALUES ('acme', '01a22c35-9859-767a-adbb-62982be79cc7', 'datadog', 'api_key', 'Production', NULL, 'validated', NULL, '{}', '\x9a10d4df490f4e1a', '\x01019a10d4df490f4e1aea9d83dccdc31126587b61abaac5f11395dd80574ffa083771b74179f6453f08bf1890609465e347741534d57c841b188356803c480933ec4202afe297b18674c9b18576040ec99d7b698033029820cd7ea7bc3bf34c4b1e7de0900bc50258af502cadf5e9f5e17b56890aa4e2e4d96a2a7629b432f64bf98aaf04cd205a41fa1d7da83ba70e11e0b37a406dd2ba4a71d3346b952307bba2736e677dbe4029b34b21a7d3cc7f259d7316662c4da37895bdd95764df2447dde4381438bd076c401153dede8d33e174bd37cf6e1902463715f6f58ea00d154e', 1, 1, 'alice', NULL, NULL, NULL, '2026-11-30 11:27:19.627041+00', 'ok', NULL, NULL, '2026-11-30 11:27:19.641255+00', '2026-11-30 11:27:19.641255+00', 'alice', 'alice', NULL, NULL, NULL, NULL);
INSERT INTO public.credentials VALUES ('globex', '01a22c35-98f4-74e0-84f5-8e2726e5c0a4', 'datadog', 'api_key', 'Of globex', NULL, 'validated', NULL, '{}', '\x9a10d4df490f4e1a', '\x01019a10d4df490f4e1affed57b907eb09695871dd1172e94914d66f0bd8cd63acfa97ee0ee55f6e2998db06f17d311e78fa8e38ad7ed29e48c457e76a10938ce913037006b497f6744d1484bb68cfa91adaed854d843257624d3ef029de9d6e360b109b08a109254fe547906263b8debfcc9d670e2eb9e5815d8543780442ecdf35c97a6b1810751796da3de116393e5503aa7a2ad40eb523cd489fb131f0d9da379bf85e5d11431516682c6c1714b9d6a69e9c102588d94334e796d4cbc3940ceacaa7e3ac95619a3fd0afb0820ad1de00e8c89f68ec104661480ea10d4ca83602', 1, 1, 'alice', NULL, NULL, NULL, '2026-11-30 11:27:19.791941+00', 'ok', NULL, NULL, '2026-11-30 11:27:19.796747+00', '2026-11-30 11:27:19.796747+00', 'alice', 'alice', NULL, NULL, NULL, NULL);
INSERT INTO public.credentials VALUES ('acme', '01a22c35-9916-71de-ab0a-ccda3537ba63', 'hubspot', 'api_key', 'HubSpot', 'crm/hubspot', 'unverified', NULL, '{"base_url":"https://api.hubapi.com"}', '\x9a10d4df490f4e1a', '\x01019a10d4df490f4e1a459d6bb66677bf193932bb246f859f79725048404be1609a6424b776b3242af9153c947237d2bc93a64ff77fb3b40da2a274b8c42baea0b0395b35580622058c2ba5c01bb9fc2ce923e7cff2497c9a4b532cb0c6ab90f2ad26a470f7e8896d74aff739dcef75492469c2ec05756792c162a43aca9d6c3e9ed0586dfb9eb0c045c886e400bdb2b471bc3ea468451d07a2ee010aad454ca935', 1, 1, 'alice', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-30 11:27:19.830377+00', '2026-11-30 11:27:19.830377+00', 'alice', 'alice', NULL, NULL, NULL, NULL);
INSERT INTO public.credentials VALUES ('acme', '01a22c35-991d-7496-ad83-5d6270f8e52d', 'custom', 'api_key', 'Custom (HTTP)', 'crm/custom', 'unverified', NULL, '{"api_version":"1"}', '\x9a10d4df490f4e1a', '\x01019a10d4df490f4e1a6030b9a16430e217018382f8c05ea1b8e0cc85b290603f58debc462d17608c696552eb09c706be98c967ab4f5c158d8c973fb4321a7ca2c0f17a92582e51b0f92ca75217897fdde409a62a96585e444ec65863b82634ee19d64a2856481de9bff6fe399cbaa8cce5cbbe763d930aac1d39164d2a94fb3f50619a07ce543a1c8787dfad98bcedd48f0edcc70a990c44cd70364726fa54e132e42d2cdf567f205b6123ec906edb62934561a5c54b6dcc9c55b8cc371dbe1b18b1c779a0d4724cd3c7bc6de873b88ddc6cb0dc7b4218da39a4ea7877278c02e24b22b3648e9ce5cac41850940fa1b76f400aae831332bc643b04dda0aa154cf44af69d4e9ba683c1c76b954863c3a1546c9c7b3f168eefcdda974a4d12093bf8', 1, 1, 'alice', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-30 11:27:19.837436+00', '2026-11-30 11:27:19.837436+00', 'alice', 'alice', NULL, NULL, NULL, NULL);
INSERT INTO public.credentials VALUES ('acme', '01a22c35-9729-73d6-8bb9-9ef5c72fe3c9', 'sharepoint', 'sharepoint_oauth', 'SharePoint Online', NULL, 'unverified', NULL, '{"scope":"Sites.Read.All","tenant":"tenant.example.com"}', '\x9a10d4df490f4e1a', '\x01019a10d4df490f4e1ad2f066dcf6cbc1a4f00d281933e12163e212cb7e710cf4c089affc222eb010a81cfd16e37b342c1bb971cdcc3db46a8751be91941c46c300dda2865beaf00065f10a044240c712295923b246989a620b364889937bcc83ad04aa29bc1d02fd34606d014a14d5515b1b6c64c7449e2e82a0a7ac673390f2454081dae24e43db40df4455f9f93bea01516f47edad0183c05910cc180beb4ac1fc1d3ca69bc1657aaa3c5ce2a78ff9709d93f6f1fb029b26b6d0f3a3e2948288aa08263ea4e1a93beb23c8e1b71d80706ed5770e275c5b528a8541559784bb95', 1, 1, 'alice', NULL, NULL, '2099-06-01 00:00:00+00', NULL, NULL, NULL, NULL, '2026-11-30 11:27:19.337183+00', '2026-11-30 11:27:19.337183+00', 'alice', 'alice', '2099-06-01 00:00:00+00', NULL, NULL, NULL);
INSERT INTO public.credentials VALUES ('acme', '01a22c35-9902-718f-9c1e-59d772a24f9a', 'salesforce', 'oauth2', 'Salesforce', 'crm/salesforce', 'unverified', NULL, '{"api_version":"v59.0","instance_url":"https://mycompany.my.salesforce.com"}', '\x9a10d4df490f4e1a', '\x01019a10d4df490f4e1afdcc58c40aaf6c2df4c37b8d3c723936215b82d334692f8bd4b5f34269d51c082e992bdfcacd1cf81007d88dc415b1b372580d59e87ba99e26047ace349720eba60993b3c91cc9ed922d8930c48aaf699f32dbc271d0d7a08e116cbb15ce5f13bc48f1d0de1ba07a75c65dcba622bb00bfff5cd7e7f6c4c67ab82235f5eabb92f044cb7b8a80129f26bd6cabc0faaeb514b7e35c70ca3e623f1194a3e2d0e7fd63ba252831f8eda1e74f3bfc39ae367faedd90fe30e3e75469fe5700c16c545f38f9a4da103a9e25ff44174108b17ba308a1badf527b88217871f3c2dcc4042782614b53606c69ad421152ec8f60705b334fa8a51f9ec355a84308617d4206ec6ac4ab74319aa3fbf35f0f825a22e103728444695d36bb65a201bb8cac12050331dceb85ef8b01044c9ddc8af6633e11cef836744b897df0e3d43e8cd3958ec76876e47e1875851d18ac5d67ac35919abef9443461dafd5c', 2, 2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-30 11:27:19.810036+00', '2026-11-30 11:27:19.818717+00', 'robot', 'alice', NULL, NULL, NULL, NULL);
INSERT INTO public.credentials VALUES ('globex', '01a22c35-9931-7263-b816-6961c55f282c', 'salesforce', 'oauth2', 'Salesforce', 'crm/salesforce', 'unverified', NULL, '{"api_version":"v58.0","instance_url":"https://mycompany.my.salesforce.com"}', '\x9a10d4df490f4e1a', '\x01019a10d4df490f4e1afa7491f776232f4b7d9b31a44e9abcbcad921d2c5c90311ee567d20ded7d4daf10565b7079ec02b1331893ab2a19df2acfda1bf6631cbc031f16ac075d4ece36416a9e54ff879db31c0e60000e8b8f2d0f75f08d6d9d724141cc35847b8de232c8edaeb4780aeba90f533eabec5b3e001bfb345583670a3d6f05f456ffc86e8232e1aac5cafe7f18fead2a2ae1aa9ab6a156843794fb0f2f04f0dd35743eefb98fe973d9256e4f2252b405849af7641b7001759f8e0a4f0189f3c25fec34259fa89114b16338ab804fc83751d72df78599765be6cd1f1126340cf29f43a3d4c1592c94eba2628197e537e31addbcdf7434e0ee37fa4ec8a9aec43e1fc3d9d248a5d6df06088f9aa0b9a0d936be999726ea08e894aa728c7ddf854d2565c1fe47026a27fecc9f2faf1d344aa57f58c39b4215df7d0e55e5b6900c11de8d737396d295fed47429a386ce2510c7dbefaca8132156f60d6c8282', 1, 1, 'alice', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-30 11:27:19.857651+00', '2026-11-30 11:27:19.857651+00', 'alice', 'alice', NULL, NULL, NULL, NULL);
INSERT INTO public.credentials VALUES ('acme', '01a22c35-945b-73cf-b33e-8c356fcd54f0', 'sftp', 'user_password', 'Nightly export', 'nightly.export', 'unverified', NULL, '{"host":"files.example.com","port":22,"username":"etl"}', '\x9a10d4df490f4e1a', '\x01019a10d4df490f4e1a037e7a2461877a87a6c79f828fd98400463f8099096eea1ad746e58f92c81c3d4912edfefe648567529c9bacea90b53ec1f899187ac64e62bdc1cc4d6b3f931b947ee1f410f3f7b4683b7a81be3deea4641df21a433b5eaf80bcda2bc27c06cc924042fd1b729862d35c88d4e4960ff2ea013c2cd190e7fd3fe35ed0f30763f868672e5c4fad684b6353d2c1ecc590617a231c75dafac848', 1, 1, 'alice', NULL, '2099-12-31 23:59:59+00', NULL, NULL, NULL, '2026-11-30 11:27:20.569374+00', NULL, '2026-11-30 11:27:18.619827+00', '2026-11-30 11:27:18.619827+00', 'alice', 'alice', NULL, NULL, NULL, NULL);
INSERT INTO public.credentials VALUES ('acme', '01a22c35-9735-72b0-94eb-b8bd994f8d9c', 'sftp', 'user_password', 'Rotated, größer – renamed', NULL, 'unverified', NULL, '{"host":"files.example.com","port":22,"username":"etl"}', '\x9a10d4df490f4e1a', '\x01019a10d4df490f4e1ab7b22fbbc0147a487f0f4804a1ef2e50f3a54e139483f5fca23d5b3979489cb856cc8f7b20b5f66fc753c114e47ffa123cf6a8b1a6fe89f953e102685bea4ed9eacc6a0a309d0ca17ce5af6c84980ae2749a31dc1b3730f1d6b441f175da2181dc272f6b384c96229aef76fb0bf37b40de20e1ab338b8a890b995bec566d89a79dee4326002d56b53a174593cc22341136e60e572e0eb5d6', 3, 4, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-30 11:27:19.596204+00', NULL, '2026-11-30 11:27:19.349028+00', '2026-11-30 11:27:19.405548+00', 'robot', 'alice', NULL, NULL, NULL, NULL);
INSERT INTO public.credentials VALUES ('acme', '01a22c35-99e7-74c0-ba15-8e27abc06e23', 'slack', 'oauth2', 'Ended by its date', NULL, 'needs_reauth', 'no_refresh_token', '{}', '\x9a10d4df490f4e1a', '\x01019a10d4df490f4e1ac69e47210b1f0638a4420b77953c18d310afbb1b067349796f990c4c946c88d48a9e5e2ea922c45fa949b36fd99b390fab320f9675913353b3006af631fa0caadcd19782d0018f9135c7a9625033789e70cd8815eba2fa9e72265515404d89707548046678652a96f741e1305b6c37f1db030165139f58ed140ae4180392a6005775a872154a7bf9114f8defe25ea2682baadce881794374', 1, 1, 'alice', NULL, '2020-01-01 00:00:00+00', '2020-01-01 00:00:00+00', NULL, NULL, NULL, NULL, '2026-11-30 11:27:20.039243+00', '2026-11-30 11:27:20.039243+00', 'alice', 'alice', NULL, NULL, NULL, NULL);
INSERT INTO public.credentials VALUES ('acme', '01a22c35-9b15-71ae-b1aa-13ca3f2a7241', 'xero', 'oauth2', 'Without its app', NULL, 'validated', 'app_missing', '{"scope":"offline_access openid profile email accounting.settings.read","token_type":"Bearer"}', '\x9a10d4df490f4e1a', '\x01019a10d4df490f4e1adea94e2a7ab18d31a450fbb7074a80278f5295a50c1796ad8ca240a3c401f55dd21e588fa5c7b3b89346c479ad734da5c226499115ef703bc8c779d5c03863d0716c2b5520bec57ae2d0fa755bec517832e7822e7be43b7e8ab0213cb98509d20844f5ecab0912d9519fc56024d4122a0cca26add9b6bbd6fab913646e162dd7339d10310cedf91ee2b1e2e10ddc83a4c7b0ab0b8f6b767b9bab2980828c442d4af5d3d1ce94699bcf5cdbfab426e67e7893764195b49fc5f2821fdd2a14782c3d688596e8b974e36532031a8b115a9031d222f8de88ac0b1c5fa1fdc70454533336c10398d1306893853ab6b22bad327afcb39e9af21a819246eb0602e7871bab026a7dff88b983e7b7619ca551fb3e6a0bbecd3ffdc2b9', 1, 1, 'alice', NULL, NULL, '2099-06-01 00:00:00+00', NULL, NULL, NULL, NULL, '2026-11-30 11:27:20.353105+00', '2026-11-30 11:27:20.353105+00', 'alice', 'alice', '2099-06-01 00:00:00+00', '01a22c35-9b0c-7189-b974-57f9407cc255', 'id:alice@example.com', 'alice@example.com');
INSERT INTO public.credentials VALUES ('acme', '01a22c35-9b79-70f7-817e-4407316556e1', 'google', 'google_oauth', 'To confirm', NULL, 'pending', NULL, '{"scope":"openid https://www.googleapis.com/auth/userinfo.email https://www.googleapis.com/auth/userinfo.profile","token_type":"Bearer"}', '\x9a10d4df490f4e1a', '\x01019a10d4df490f4e1a9f349729188a6b3596747f54dc084f1d04d520cafaf5dbad58e69231a3126dd02558fafdc20f6c49921b891d1814e72baf0e5ddf0443b0d5c8ab9c999491e9a17823c65ffbd0df2405fcd57d00b58c53b2043f0872849b72d180522f7e90ee26b2d2e8f85b8cc4503468b0d62a553a9477f876e6d1215d59ab71b9e53d08e71acf5a9ed63b1a401b2d1de2ca54f2c60e104e37fd8bbe02cba6549868a31f837b84dba9b1420adfdfedd43fbd1735f0f3d52d737767fc457a857754bdf5d4aae367ce47cc7c9a38f56e316fdd791a58c0212b8373c5c82c5cc77e663eef8c5caa2abe7674051f68b300485d2bc3683b0a2ed60a33212b12fe4a5c391951f24f64a298d722bed2d5f68d07ed406e7b470c465f0b1f796100d4', 1, 1, 'alice', 'alice@example.com', NULL, '2099-06-01 00:00:00+00', NULL, NULL, NULL, NULL, '2026-11-30 11:27:20.451455+00', '2026-11-30 11:27:20.451455+00', 'alice', 'alice', '2099-06-01 00:00:00+00', '00000000-0000-0000-0000-000000000000', 'id:alice@example.com', 'alice@example.com');
INSERT INTO public.credentials VALUES ('acme', '01a22c35-993a-742b-a2b4-6960dcd99a42', 'google', 'google_oauth', 'Ended, token valid', NULL, 'needs_reauth', 'grant_refused', '{"scope":"openid https://www.googleapis.com/auth/userinfo.email https://www.googleapis.com/auth/userinfo.profile","token_type":"Bearer"}', '\x9a10d4df490f4e1a', '\x01019a10d4df490f4e1afcb5df90d5b480f888af27908dee68b81bc501b74f86a0627d52ff098cc61d8340138353dcf24206773aa84e45862825fde114b448b9ba686ba2cc3d751fe499f5c3832f6cc31c8f53c3782d99f320e2a0c3965d3aac2deec10298bcce2b77da3da7636c5ba0f8d1d68cc430b8c91734ad749b5665b840348a24adee212ba86d01ff213b8d9d56b6fb2b433ed6af4ec91d2005772a6f29c1e3490632f66d7339ce6d1b443897b81e898cea6d32f2552bc64792c5545f79b1f7d7bbdb431a12242bdc767cf642c10cbd1ee8cdbf592e902ca33d966e04b02d7a821fd5a1103d36887bbb1e778a9fee84eca03349421ef6116ed7350469c29d7dd46640d1f2a4cb66722ddd4493ac37f1e18b0ddf099b446b608b5125fab1b1', 1, 1, 'alice', 'alice@example.com', NULL, '2099-06-01 00:00:00+00', NULL, NULL, NULL, NULL, '2026-11-30 11:27:19.885031+00', '2026-11-30 11:27:19.885031+00', 'alice', 'alice', NULL, '00000000-0000-0000-0000-000000000000', 'id:alice@example.com', 'alice@example.com');
INSERT INTO public.credentials VALUES ('acme', '01a22c35-9aa2-7572-afa8-82221261c5e3', 'zoom', 'oauth2', 'Provider away', NULL, 'validated', 'provider_unavailable', '{"token_type":"Bearer"}', '\x9a10d4df490f4e1a', '\x01019a10d4df490f4e1aa08ccbe15bffb0ed8d99a609d4046718773fd776801bd769c8325a3c5de772411005647272fd1803026bfeeb6331178595f3ae3513392d30d65dd793e8ebdfdf662ef3077ed501e26c7d8bdaf241b4c95bbf7f0a22250396f446009cc41a32f040b49da7da103b1603396e55b56aab33213119f230130eb05562f00d9c2fe81dc881c732f1ffcec78f220c7d39c75906b00644359e9584f1fab2f579f194e20d1b2f5661ed47afc433778dba7b5ab97e75dd93a3671facf044c2eb9ff66ad04e2bf79613ad34f50c963298e2bc213e052ad790e7836fea1c544f81ba6dce1a4840ffb4888f8ba758cbf43176b11d8268b3e72fec2707e2d81b99ff6443ee7ed85aaf1edee2465c1708132ca9e4b41fdc7c3afb936e786cc4', 1, 1, 'alice', NULL, NULL, '2099-06-01 00:00:00+00', NULL, NULL, NULL, NULL, '2026-11-30 11:27:20.236277+00', '2026-11-30 11:27:20.236277+00', 'alice', 'alice', '2099-06-01 00:00:00+00', '00000000-0000-0000-0000-000000000000', 'id:alice@example.com', 'alice@example.com');
INSERT INTO public.credentials VALUES ('acme', '01a22c35-9a76-739e-8284-9e162a9c74b6', 'google', 'google_oauth', 'Mail', NULL, 'validated', NULL, '{"scope":"openid https://www.googleapis.com/auth/userinfo.email https://www.googleapis.com/auth/userinfo.profile","token_type":"Bearer"}', '\x9a10d4df490f4e1a', '\x01019a10d4df490f4e1ab5729f8016fb50fbf5923da249f727bc8e8b5b6d85ab8eba7cdf7d8be5723b1459338492c5ee8e63be5aeaf678ad8fd439f079d1cdd1bd44375cd20984193bd10e0a691d3b9f381372c4846ef60e69c622d25572311d2090dc0897c63f8c341485a4464a6abb1fd6fe37aa710f89cf296ef3e962cde791b7298bb1e1e35d3690e1c5eb8489e88c72c16921d37dc354ca5261f0ac87d06fa070c2daa443956644f165156fd424817e8e453fe3b06aed457926482ca3f5451f1859aa4d799609c83c4c2fe4b6c05316cd9b6d58b91d1da07933fd6abc4f94dab53e34e725a23e65b92be02b67d103740ac199852d008d06a9c382360ea3102d82f3dd15e45e5f64c6ddcdb41083444e4100027e2db15542285df017d891ddec', 2, 1, 'alice', 'alice@example.com', NULL, '2099-06-01 00:00:00+00', '2026-11-30 11:27:20.217568+00', 'ok', NULL, '2026-11-30 11:27:20.210098+00', '2026-11-30 11:27:20.192419+00', '2026-11-30 11:27:20.192419+00', 'alice', 'alice', '2099-06-01 00:00:00+00', '00000000-0000-0000-0000-000000000000', 'id:alice@example.com', 'alice@example.com');
INSERT INTO public.credentials VALUES ('acme', '01a22c35-9a59-77d8-9c7c-fe33fc10e392', 'sharepoint', 'client_credentials', 'Program', NULL, 'unverified', NULL, '{"client_id":"00000000-0000-0000-0000-000000000000","tenant":"tenant.example.com"}', '\x9a10d4df490f4e1a', '\x01019a10d4df490f4e1ab745a57f86672711ec7f32349b0f1e22bca0fb2af89946a5c7eb65d644b934614dc892b7a72e234a26f2867cff6e4fa18bd03e9e818c20de3fb5a1aedeeee7d5d273822ee7f8130fa5acc8f740d976d77ea0ab78dd7f4925a0eb9a708f1701de67bab3d6f188ccedb17e23c18c9d10058acce5855065c692925cfcac8e185c88662cfd4f0217bdc4e0d680ee75f5f36b1306ffaf09fefbd68791f1414494bc1ef52e81847de33caa73dbb3744f4cd7d22c92fb7346f99315fca4873047c7a180e873421c56f694d029c70b39ac985bb59aaa94e863d6b4ac', 2, 1, 'alice', NULL, NULL, '2099-06-01 00:00:00+00', NULL, NULL, '2026-11-30 11:27:20.176696+00', '2026-11-30 11:27:20.170647+00', '2026-11-30 11:27:20.153283+00', '2026-11-30 11:27:20.153283+00', 'alice', 'alice', '2099-06-01 00:00:00+00', NULL, NULL, NULL);
INSERT INTO public.credentials VALUES ('acme', '01a22c35-9968-73fa-9593-eaf6a0f5dd92', 'google', 'google_oauth', 'Ended altogether', NULL, 'needs_reauth', 'grant_refused', '{"scope":"openid https://www.googleapis.com/auth/userinfo.email https://www.googleapis.com/auth/userinfo.profile","token_type":"Bearer"}', '\x9a10d4df490f4e1a', '\x01019a10d4df490f4e1a735be3dcc592c5dbc02b88bc89ed77a68e78a80412365b1e14448ef351053b9dedd1f5fe960ac85a4aea7228a1aa0564a40abbc4757042a290ee6c28188f385e3d4874926f97f3379fc327bd601da3603c43557cf8a98f5a930fbface2b9239f3247207e31580f9877911252c43967aaf0eb32b04dda503059a645e3706ddd3bc1da7f25b680b68c4c86c95ef0d0c2e9b2a3e667e7bc6f33b34fa684fdbb4585a197a6490c426bc7f033a1c1c8ab56f2b86e2abdc88ce541a2b8e60fead9e1367810490aabfb212e06be60299816c0719c53f0698485b4842406aab31263a994334e28a8493af149a5f27b030c9ea126d8d1940d6988602eca1e584e51717c4db4afcbe521b9af925f2194930dfa61e04982e81895d520a1', 1, 1, 'alice', 'alice@example.com', NULL, '2020-06-01 00:00:00+00', NULL, NULL, NULL, NULL, '2026-11-30 11:27:19.929436+00', '2026-11-30 11:27:19.929436+00', 'alice', 'alice', NULL, '00000000-0000-0000-0000-000000000000', 'id:alice@example.com', 'alice@example.com');
INSERT INTO public.credentials VALUES ('acme', '01a22c35-9a22-7630-b0e8-ac0b8adea469', 'sharepoint', 'client_credentials', 'Refused program', NULL, 'rejected', 'client_refused', '{"client_id":"00000000-0000-0000-0000-000000000000","tenant":"tenant.example.com"}', '\x9a10d4df490f4e1a', '\x01019a10d4df490f4e1a1ddb7d1236a22bb8cc4438e5b51d5fdc7dd53a2f556271cb6e4a4b45634763cb04679153555a2e7204176b8c2de1ab337d0b07825ebbefdec39e058981fdfc6c6f7cff1d95aa573262f0f4bc996c2b86a5a166dedb4479e929be6bbe4beb859cff0c35bcda19cc5ec24d8dcca8949f48618584778b0e0fe7849a763e7a64f4ab21a65cb3c32c3e220f13aab596d368a0f728127afe86cb68', 1, 1, 'alice', NULL, NULL, NULL, NULL, NULL, '2026-11-30 11:27:20.146625+00', NULL, '2026-11-30 11:27:20.098448+00', '2026-11-30 11:27:20.098448+00', 'alice', 'alice', NULL, NULL, NULL, NULL);
INSERT INTO public.credentials VALUES ('acme', '01a22c35-9b9b-7694-8b14-c7e26d8e9d3a', 'google', 'google_oauth', 'To expire', NULL, 'pending', NULL, '{"scope":"openid https://www.googleapis.com/auth/userinfo.email https://www.googleapis.com/auth/userinfo.profile","token_type":"Bearer"}', '\x9a10d4df490f4e1a', '\x01019a10d4df490f4e1a048da6680be359daed229dcb774f22be46b56a44a4592cc83c5c8d1399d6ba9cea4fc8ba95c57b143e4caa0369937eaab87bc5d49d8c093a0306d0cf6afff4566b5f8a5411f4c8d527ecafe6e5a2f835713dca372cbc314df3fe8cdb9d5bf5291aa720d29d7d65333885bbfec1f62652cbf1d904d66c2bd17938a2c2d9559ce2c866befd931542c2fa4f0ba53aba4571f151d2d625eb973e4baf538f69cc19d3f7c437807c2fa82db0063d405d82b0911ce34e8176bac50c3a737b9d8ae2a85b38e07d8aabe9031597f142458b08d64c8e254b3b51b3f55f2fb833a7a70563c37cb538d41dcc4d519bccde794ad19956feb8515b5d9e7049fff84e8d842f911e2dcf418fbd8b029cd0c0b84c652571abd692b8034d147c20', 1, 1, 'alice', 'alice@example.com', NULL, '2099-06-01 00:00:00+00', NULL, NULL, NULL, NULL, '2026-11-30 11:27:20.485224+00', '2026-11-30 11:27:20.485224+00', 'alice', 'alice', '2099-06-01 00:00:00+00', '00000000-0000-0000-0000-000000000000', 'id:alice@example.com', 'alice@example.com');
INSERT INTO public.credentials VALUES ('acme', '01a22c35-9b60-723c-a30f-7950cae805f8', 'google', 'google_oauth', 'To authorise again', NULL, 'validated', NULL, '{"scope":"openid https://www.googleapis.com/auth/userinfo.email https://www.googleapis.com/auth/userinfo.profile","token_type":"Bearer"}', '\x9a10d4df490f4e1a', '\x01019a10d4df490f4e1a218ff56f7aa9aec1a678d5ebab5343fad5764eb9e50900abb19e9826276f144e7438516a16c0990dec03dfbeac1d5a09056d24c79df14914f8648fa4086ecfc07423bc977638a96ae79e46d5ef09e1de0cbf613be7c92d45df9c969b8228e95b465eeb643aaefc21f7c536d7f282137d5a8f7448b58e3b263bb7f251e9b0eff939eb62fb0bf122e505f3b2c8f1f6138c32e407c3c342f4073bac7d85b6fca469e628c2213a8664d805b82501964260397440b90fee16ff9e229a5f71b09ea18bed1e2ec511b5aeccb04d65861d082864b6a00615ec5d7f3d12039ccaa903c34c1f579551b1a71ca82e1a68c0fa3447250746b8f2bcd4010d20717f936be4c69a15a0c0b080af147864ab61f8cf6c199e3d5f3c8855f2e8dd', 1, 1, 'alice', 'alice@example.com', NULL, '2099-06-01 00:00:00+00', NULL, NULL, NULL, NULL, '2026-11-30 11:27:20.426388+00', '2026-11-30 11:27:20.426388+00', 'alice', 'alice', '2099-06-01 00:00:00+00', '00000000-0000-0000-0000-000000000000', 'id:alice@example.com', 'alice@example.com');
INSERT INTO public.credentials VALUES ('acme', '01a22c35-9af1-7278-bb79-8c9d7458a17d', 'sharepoint', 'sharepoint_oauth', 'Files of the own app', NULL, 'validated', NULL, '{"scope":"offline_access Sites.Read.All Files.Read.All User.Read","tenant":"tenant.example.com","token_type":"Bearer"}', '\x9a10d4df490f4e1a', '\x01019a10d4df490f4e1ae09c8acd485d34dbb5837c51d8a686d0fb9aa23d0bf5c8d9961d1a6ef3b59087006e7a4746331f2cffbcef6eeb0535a6784c58cf50e0c5cf828c3329be05f88bdbde5bae8ad14804bc306969aaa6582be8ee70378e69a6750c260823ef1ef9308e1d4162c71ec27f9222a76af3055711be23e48c8e32ec1bead1bc2b4172bca4736ba8af70ddc8f1b1501abf556994f659d1f4adc3b45f345e46aaae735e7c266f7025b7dbaf0a5aac6b92252a6de2aafc16dcccda5e6c0389558f4bf401c10f337f341c44ec64b07905dab8d09f890752f52704dfc399d8', 1, 1, 'alice', NULL, NULL, '2099-06-01 00:00:00+00', NULL, NULL, NULL, NULL, '2026-11-30 11:27:20.316782+00', '2026-11-30 11:27:20.316782+00', 'alice', 'alice', '2099-06-01 00:00:00+00', '01a22c35-9ae9-75a6-9213-6e403d691853', 'id:alice@example.com', 'alice@example.com');
INSERT INTO public.credentials VALUES ('acme', '01a22c35-a9df-74ae-8a35-ab5460618759', 'dropbox', 'oauth2', 'Cut off', NULL, 'validated', NULL, '{"scope":"account_info.read files.metadata.read","token_type":"Bearer"}', '\x9a10d4df490f4e1a', '\x01019a10d4df490f4e1a2952d7963e8488f45da7fb23054b404d33c469121a67e9dc207dc7b588659b50edbcfde5df5cde37b2f203eba7f57b8346fc1210f44908de2527d09119eb1fa807f1cc7bc63efab57368521c508cf4a1bcb69048c4cdf0d3bcc83d85188d9b60c09db3a914cef98abbca4c296fdd817d3ff2172f9785a2ad148422ba76ccdbcfa31762a4778fe868869820b0df703531bc98b370f8ca5af02ff44e16d72147791b13f4dcd7e56006c4aa3f7709291c4961375595ab73b54ed4c34615a5868490e14d4203a5d4cf826d5a2ef15b7f7c1582149050e2a7921d', 1, 1, NULL, NULL, NULL, '2099-06-01 00:00:00+00', NULL, NULL, NULL, NULL, '2026-11-30 11:27:24.153809+00', '2026-11-30 11:27:24.153809+00', 'robot', 'robot', '2099-06-01 00:00:00+00', '00000000-0000-0000-0000-000000000000', 'id:alice@example.com', NULL);
INSERT INTO public.credentials VALUES ('acme', '01a22c35-aa1f-7672-8348-f26083e6916c', 'dropbox', 'oauth2', 'To complete', NULL, 'pending', NULL, '{"scope":"account_info.read files.metadata.read","token_type":"Bearer"}', '\x9a10d4df490f4e1a', '\x01019a10d4df490f4e1a62701fecfb6bac534c0904eaee3d7d831d4fb93e9c8b5eda7c81285bb3a308a6b862a0bc39ecefec27a1650de3e5d190f05c78e52637792856547a166bc31ce3486bedd9f36daecf29a46cb6a0fb9ce65b41c25d7f051e9dc0f7782c65bb18b6239dd15777dc6ba5ec878e845af3ea91aefa7e978b9e6ba98bcf833f81eef01a39f56b2ce09df729c3949d40c23f926bc916fac280dc4ae92d6e47dc3404b82141b0e2f62e0ff4d964c28277abf581f134d80d670a65fe8c8d47bf2931acfaeab0c5c4a756cf070402fd63b637687ab1f616e2cde43d780e', 1, 1, NULL, NULL, NULL, '2099-06-01 00:00:00+00', NULL, NULL, NULL, NULL, '2026-11-30 11:27:24.216819+00', '2026-11-30 11:27:24.216819+00', 'robot', 'robot', '2099-06-01 00:00:00+00', '00000000-0000-0000-0000-000000000000', 'id:alice@example.com', NULL);



INSERT INTO public.deployment VALUES (true, 'b5acc5a9-1d8f-4092-aeb5-dae6d169d98c');



INSERT INTO public.destination_limits VALUES ('\xeb27a1c56c2a3a35516e19a8714c979136c4aa047028d48f1e8c6e338a6ad146', '{"2026-11-30 11:27:19.418874+00","2026-11-30 11:27:19.461104+00","2026-11-30 11:27:19.615109+00","2026-11-30 11:27:19.628705+00","2026-11-30 11:27:19.683375+00","2026-11-30 11:27:19.793659+00","2026-11-30 11:27:20.218923+00"}');
INSERT INTO public.destination_limits VALUES ('\xa7f14517b65d040ef20552ae4311e9421a7ec47159705431f22b118e1f9ad98d', '{"2026-11-30 11:27:20.671486+00"}');



INSERT INTO public.integrations VALUES ('acme', 'datadog', '01a22c35-9868-77f1-b4c5-011d37c54d39', '01a22c35-9859-767a-adbb-62982be79cc7', 'alice', '2026-11-30 11:27:19.656699+00');
INSERT INTO public.integrations VALUES ('acme', 'pagerduty', '01a22c35-989a-7753-bfa3-9c90d42b990c', NULL, 'alice', '2026-11-30 11:27:19.706142+00');
INSERT INTO public.integrations VALUES ('globex', 'datadog', '01a22c35-98fb-7487-a231-3f2896cdf449', '01a22c35-98f4-74e0-84f5-8e2726e5c0a4', 'alice', '2026-11-30 11:27:19.803657+00');



INSERT INTO public.kek_usage VALUES ('\x9a10d4df490f4e1a', 'for-tests-only', '\x74d4db6c405e196d8fdffe02a3ca77a77ff97e4b7ab625d28c6aa56aa38697b6', 131072, true);



INSERT INTO public.oauth_apps VALUES ('acme', '01a22c35-9ae9-75a6-9213-6e403d691853', 'microsoft', 'strongroom:tests', '\x9a10d4df490f4e1a', '\x01019a10d4df490f4e1a75abe12e0e81015ee5f44d63f7482e6f5017c4662ae0d1810deb4e86a9461269e3597fa73030a738bdc80ee0a17bfd5b8fefc3683fec6a5ba8995481f9475300aed4c9373b173287cc4819f9356aa0d86088120a09c087d2610b614956026f8af7314ce409e4bfcceda0967e8c4675d62bd2dfd6492cf9ccb456187a1b53185da7c0355696fa2bc0019dee31bb97d20fef27023047b34fc3', '2026-11-30 11:27:20.297261+00', '2026-11-30 11:27:20.301827+00', 'alice');
INSERT INTO public.oauth_apps VALUES ('globex', '01a22c35-9b3d-7640-b5c8-993a01529642', 'google', 'globex', '\x9a10d4df490f4e1a', '\x01019a10d4df490f4e1aaa0defc73ed3c2cb0b144662cc1d9b861e234b7e4ab918ea365a24eb7ec2527158b78ff1ccb9485572d625a74c95626d9e1341675454c2ad577af23e19fb444820d0c38cc5d57a02cafe3b40f06c5d40266a1dfbb580d76ed0e710f65f55709433cdafff7328ab719f60d1d673a9eb734eda40d15ef1f8dfac49c3e32886f5868c2948868a8412d45edb5cfce9499e1c3f1b17986805f619', '2026-11-30 11:27:20.381842+00', '2026-11-30 11:27:20.381842+00', 'alice');



INSERT INTO public.oauth_state_locator VALUES ('\xd359665efb59d2741b85bdae46e4d8ea928525f01f63572337de0228171f3567', 'acme', '01a22c35-9b44-71ca-bc01-4f3117ea80b0');
INSERT INTO public.oauth_state_locator VALUES ('\x918963548474c2908d1a305eb97f599939b072b7e242a0dd09e6cce8138c8bbb', 'acme', '01a22c35-9b49-7085-94b4-9a97aa5a6125');
INSERT INTO public.oauth_state_locator VALUES ('\xc7386b89d95f15ece1840088bf2d0c950afecd6eff92c905650ce5ff8e8eae97', 'acme', '01a22c35-9b54-747d-bc51-4544e8a0b02a');
INSERT INTO public.oauth_state_locator VALUES ('\x5cb2e4851bee40c135ceeae5c74fc20aff099e34b125e880076d9150d7704c3d', 'acme', '01a22c35-9b5b-71ff-8baf-8d94c8d15761');
INSERT INTO public.oauth_state_locator VALUES ('\x688429d56f451753b303f091940590a33151983b197aeb66f8746385edbe025d', 'acme', '01a22c35-9b79-70f7-817e-440613903873');
INSERT INTO public.oauth_state_locator VALUES ('\x0c39d70e6f8fb0eb05e159cfa2b71a34090425a25b349f4218a27f94355db7c8', 'acme', '01a22c35-9b8a-71c6-9c1c-950c5fbc2218');
INSERT INTO public.oauth_state_locator VALUES ('\xa3828e5e9a52e90ebfd6c2a800642625f0cf790b9c1c552e75b4dca8532cb5f3', 'acme', '01a22c35-9b9b-7694-8b14-c7e1223adee3');
INSERT INTO public.oauth_state_locator VALUES ('\xd913682de400e7a35fd20e9a132dd0d5289cd8a098f9f0ba3a8d12e47f70e9c6', 'acme', '01a22c35-aa1f-7672-8348-f25f6b2560a4');



INSERT INTO public.organization_limits VALUES ('acme', 40);
INSERT INTO public.organization_limits VALUES ('globex', 1);



INSERT INTO public.purpose_keys VALUES ('01a22c35-8f23-72f8-9940-5cdd9defb320', 'api_key', '\x9a10d4df490f4e1a', '\x61756780f45a7befb9f605f00417d6ca71dcfe5bdf1a9d857c31882a3388f59039c6b1356e3371b9416369909bc5d69f7f76d5f2ace977878ea53117', '2026-11-30 11:27:17.284365+00', true);
INSERT INTO public.purpose_keys VALUES ('01a22c35-8f2a-7729-99bd-4285e91bd0aa', 'audit', '\x9a10d4df490f4e1a', '\xacdb09f44ecb06d3d75bb126c0e493a7e1c6f22dcc18f0dd2dd3e2a04df052f1d24085d40ddc6e566ca4a5f8037112f9b5aa0e0fb46e4a32e8dcdba6', '2026-11-30 11:27:17.290687+00', true);



INSERT INTO public.refresh_leases VALUES ('acme', '01a22c35-993a-742b-a2b4-6960dcd99a42', 1, NULL, NULL, false, 1, '2099-06-01 00:00:00+00');
INSERT INTO public.refresh_leases VALUES ('acme', '01a22c35-9968-73fa-9593-eaf6a0f5dd92', 1, NULL, NULL, false, 1, '2099-06-01 00:00:00+00');
INSERT INTO public.refresh_leases VALUES ('acme', '01a22c35-99e7-74c0-ba15-8e27abc06e23', 1, NULL, NULL, false, 1, '2099-06-01 00:00:00+00');
INSERT INTO public.refresh_leases VALUES ('acme', '01a22c35-9a22-7630-b0e8-ac0b8adea469', 1, NULL, NULL, false, 1, '2099-06-01 00:00:00+00');
INSERT INTO public.refresh_leases VALUES ('acme', '01a22c35-9aa2-7572-afa8-82221261c5e3', 1, NULL, NULL, true, 1, '2099-06-01 00:00:00+00');
INSERT INTO public.refresh_leases VALUES ('acme', '01a22c35-9b15-71ae-b1aa-13ca3f2a7241', 1, NULL, NULL, false, 1, '2099-06-01 00:00:00+00');
INSERT INTO public.refresh_leases VALUES ('acme', '01a22c35-a9df-74ae-8a35-ab5460618759', 1, '01a22c35-aa55-777a-b7ee-53bd26155d81', '2020-06-01 00:00:00+00', false, 0, NULL);



INSERT INTO public.service_accounts VALUES ('acme', '01a22c35-9bc6-769d-981d-71a368db2955', 'reader', 'Reads
everything', '{credentials:read,secrets:read}', NULL, NULL, 'active', '2026-11-30 11:27:20.51882+00', '2026-11-30 11:27:20.51882+00', 'alice');
INSERT INTO public.service_accounts VALUES ('acme', '01a22c35-9bfd-711a-b3b7-9ed364ca9103', 'of_sftp', NULL, '{credentials:read}', '{postgresql,sftp}', NULL, 'active', '2026-11-30 11:27:20.573517+00', '2026-11-30 11:27:20.573517+00', 'alice');
INSERT INTO public.service_accounts VALUES ('acme', '01a22c35-9c0c-7301-bdd1-6138ebcd74c6', 'of_one', NULL, '{credentials:read,secrets:read}', NULL, '{01a22c35-945b-73cf-b33e-8c356fcd54f0}', 'active', '2026-11-30 11:27:20.588637+00', '2026-11-30 11:27:20.588637+00', 'alice');
INSERT INTO public.service_accounts VALUES ('acme', '01a22c35-9c1a-742e-bc95-712787317c23', 'idle', NULL, '{credentials:read,secrets:read}', NULL, NULL, 'inactive', '2026-11-30 11:27:20.60254+00', '2026-11-30 11:27:20.621507+00', 'alice');
INSERT INTO public.service_accounts VALUES ('globex', '01a22c35-9c48-7558-a319-62bcf259b243', 'robot', NULL, '{credentials:read,secrets:read}', NULL, NULL, 'active', '2026-11-30 11:27:20.648209+00', '2026-11-30 11:27:20.648209+00', 'alice');



ALTER TABLE ONLY public.__diesel_schema_migrations
    ADD CONSTRAINT __diesel_schema_migrations_pkey PRIMARY KEY (version);



ALTER TABLE ONLY public.api_key_locator
    ADD CONSTRAINT api_key_locator_pkey PRIMARY KEY (key_id);



ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_pkey PRIMARY KEY (org_id, key_id);



ALTER TABLE ONLY public.audit_events
    ADD CONSTRAINT audit_events_pkey PRIMARY KEY (org_id, seq);



ALTER TABLE ONLY public.audit_heads
    ADD CONSTRAINT audit_heads_pkey PRIMARY KEY (org_id);



ALTER TABLE ONLY public.authorization_flows
    ADD CONSTRAINT authorization_flows_pkey PRIMARY KEY (org_id, id);



ALTER TABLE ONLY public.credential_quota
    ADD CONSTRAINT credential_quota_pkey PRIMARY KEY (org_id, provider);



ALTER TABLE ONLY public.credentials
    ADD CONSTRAINT credentials_pkey PRIMARY KEY (org_id, id);



ALTER TABLE ONLY public.deployment
    ADD CONSTRAINT deployment_pkey PRIMARY KEY (singleton);



ALTER TABLE ONLY public.destination_limits
    ADD CONSTRAINT destination_limits_pkey PRIMARY KEY (destination_hash);



ALTER TABLE ONLY public.integrations
    ADD CONSTRAINT integrations_pkey PRIMARY KEY (org_id, provider);



ALTER TABLE ONLY public.kek_usage
    ADD CONSTRAINT kek_usage_name_key UNIQUE (name);



ALTER TABLE ONLY public.kek_usage
    ADD CONSTRAINT kek_usage_pkey PRIMARY KEY (kek_id);



ALTER TABLE ONLY public.oauth_apps
    ADD CONSTRAINT oauth_apps_app_key UNIQUE (org_id, app);



ALTER TABLE ONLY public.oauth_apps
    ADD CONSTRAINT oauth_apps_pkey PRIMARY KEY (org_id, id);



ALTER TABLE ONLY public.oauth_state_locator
    ADD CONSTRAINT oauth_state_locator_pkey PRIMARY KEY (state_hash);



ALTER TABLE ONLY public.organization_limits
    ADD CONSTRAINT organization_limits_pkey PRIMARY KEY (org_id);



ALTER TABLE ONLY public.purpose_keys
    ADD CONSTRAINT purpose_keys_pkey PRIMARY KEY (id);



ALTER TABLE ONLY public.refresh_leases
    ADD CONSTRAINT refresh_leases_pkey PRIMARY KEY (org_id, credential_id);



ALTER TABLE ONLY public.service_accounts
    ADD CONSTRAINT service_accounts_pkey PRIMARY KEY (org_id, id);



CREATE INDEX api_keys_account ON public.api_keys USING btree (org_id, service_account_id, created_at);



CREATE INDEX audit_events_at ON public.audit_events USING btree (org_id, at);



CREATE INDEX audit_events_credential ON public.audit_events USING btree (org_id, credential_id, seq) WHERE (credential_id IS NOT NULL);



CREATE INDEX authorization_flows_expiry ON public.authorization_flows USING btree (expires_at);



CREATE INDEX credentials_kek ON public.credentials USING btree (kek_id);



CREATE INDEX credentials_provider ON public.credentials USING btree (org_id, provider, id);



CREATE INDEX credentials_refresh ON public.credentials USING btree (refresh_at) WHERE (refresh_at IS NOT NULL);



CREATE UNIQUE INDEX credentials_slot_key ON public.credentials USING btree (org_id, slot) WHERE (slot IS NOT NULL);



CREATE UNIQUE INDEX integrations_credential_key ON public.integrations USING btree (org_id, credential_id);



CREATE UNIQUE INDEX kek_usage_primary_key ON public.kek_usage USING btree (is_primary) WHERE is_primary;



CREATE UNIQUE INDEX purpose_keys_first_key ON public.purpose_keys USING btree (purpose) WHERE is_first;



CREATE TRIGGER audit_events_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.audit_events FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_audit_change();



ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_account_fkey FOREIGN KEY (org_id, service_account_id) REFERENCES public.service_accounts(org_id, id);



ALTER TABLE ONLY public.integrations
    ADD CONSTRAINT integrations_credential_fkey FOREIGN KEY (org_id, credential_id) REFERENCES public.credentials(org_id, id);



ALTER TABLE ONLY public.refresh_leases
    ADD CONSTRAINT refresh_leases_credential_fkey FOREIGN KEY (org_id, credential_id) REFERENCES public.credentials(org_id, id) ON DELETE CASCADE;




