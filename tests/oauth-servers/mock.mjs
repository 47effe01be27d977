// oauth2-mock-server as an authorization server that keeps its refresh tokens, as Google does, and whose answers can
// be rewritten. The account is the `login_hint`, a scope `deny` is refused.
//
// Environment: CLIENT_ID, CLIENT_SECRET, TOKEN_LIFETIME (seconds).

import { Buffer } from 'node:buffer';

import { Events, OAuth2Issuer, OAuth2Service } from 'oauth2-mock-server';

import { start } from './front.mjs';

const { CLIENT_ID, CLIENT_SECRET, TOKEN_LIFETIME } = process.env;

await start(async (issuer) => {
  const keys = new OAuth2Issuer();
  keys.url = issuer;
  await keys.keys.generate('RS256');
  const service = new OAuth2Service(keys);
  const state = {
    // What each code, refresh token and access token is for: `{ account, scope }`.
    codes: new Map(), refresh: new Map(), access: new Map(),
    counts: { reuses: 0, revoked_grants: 0 },
    patches: [],
  };
  service.on(Events.BeforeAuthorizeRedirect, (redirect, req) => authorize(state, redirect.url, req.query));
  service.on(Events.BeforeTokenSigning, ({ payload }, req) => {
    Object.assign(payload, { sub: userOf(owner(state, req.body)), exp: payload.iat + Number(TOKEN_LIFETIME) });
    // Two tokens of one second differ.
    payload.jti = crypto.randomUUID();
  });
  service.on(Events.BeforeResponse, (response, req) => respond(state, response, req));
  service.on(Events.BeforeUserinfo, (response, req) => {
    const grant = state.access.get(req.headers.authorization?.replace(/^Bearer /, ''));
    response.statusCode = grant ? 200 : 401;
    response.body = grant ? { sub: userOf(grant), email: grant.account } : { error: 'invalid_token' };
  });
  const controls = {
    // What the next answers of the token endpoint say instead: `{ status, body }`; a member that is null goes.
    patch_next: ({ times, ...patch }) => {
      state.patches = Array(times).fill(patch);
    },
    expire_access_tokens: () => state.access.clear(),
    revoke_grants: () => {
      state.counts.revoked_grants += state.refresh.size;
      state.refresh.clear();
      state.access.clear();
    },
  };
  const handler = (req, res) => {
    // The service has no parser for the form of its revocation endpoint.
    if (req.url === '/revoke') {
      revoke(state, req, res);
    } else {
      service.requestHandler(req, res);
    }
  };
  return { handler, stats: () => state.counts, controls };
});

function authorize(state, url, { scope, login_hint }) {
  if (scope?.split(' ').includes('deny')) {
    url.searchParams.delete('code');
    url.searchParams.set('error', 'access_denied');
  } else {
    state.codes.set(url.searchParams.get('code'), { account: login_hint ?? 'alice@example.com', scope });
  }
}

function owner(state, { code, refresh_token }) {
  return state.codes.get(code) ?? state.refresh.get(refresh_token);
}

function userOf(grant) {
  return `user:${grant?.account ?? CLIENT_ID}`;
}

function respond(state, response, { headers, body: request }) {
  const grant = owner(state, request);
  if (!proves(headers, request)) {
    Object.assign(response, { statusCode: 401, body: { error: 'invalid_client' } });
  } else if (request.grant_type !== 'client_credentials' && !grant) {
    Object.assign(response, { statusCode: 400, body: { error: 'invalid_grant' } });
  } else {
    const { body } = response;
    body.expires_in = Number(TOKEN_LIFETIME);
    body.scope = grant?.scope ?? body.scope;
    state.access.set(body.access_token, grant ?? { account: CLIENT_ID });
    state.codes.delete(request.code);
    if (request.refresh_token) {
      delete body.refresh_token;
    } else if (body.refresh_token) {
      state.refresh.set(body.refresh_token, grant);
    }
  }
  const patch = state.patches.shift();
  if (patch) {
    response.statusCode = patch.status ?? response.statusCode;
    const members = Object.entries({ ...response.body, ...patch.body });
    response.body = Object.fromEntries(members.filter(([, value]) => value !== null));
  }
}

async function revoke(state, req, res) {
  let body = '';
  for await (const chunk of req) {
    body += chunk;
  }
  const token = new URLSearchParams(body).get('token');
  state.counts.revoked_grants += state.refresh.delete(token) ? 1 : 0;
  state.access.delete(token);
  res.writeHead(200).end();
}

/** Whether client id and secret are there, form-encoded in the header or as they are in the body. */
function proves({ authorization }, { client_id, client_secret }) {
  const [id, secret] = authorization
    ? Buffer.from(authorization.replace(/^Basic /, ''), 'base64').toString().split(':').map(formDecode)
    : [client_id, client_secret];
  return id === CLIENT_ID && secret === CLIENT_SECRET;
}

function formDecode(text) {
  return decodeURIComponent(text.replaceAll('+', ' '));
}
