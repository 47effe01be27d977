// oidc-provider as an authorization server: PKCE required, refresh tokens rotate, and one that is used twice revokes
// its whole grant. It asks nobody: the account is the `login_hint`, a scope `deny` is refused.
//
// Environment: CLIENT_ID, CLIENT_SECRET, CLIENT_AUTHENTICATION (basic or body), TOKEN_LIFETIME (seconds).

import { generateKeyPairSync, randomBytes } from 'node:crypto';

import Provider from 'oidc-provider';

import { start } from './front.mjs';
import { Store } from './store.mjs';

const { CLIENT_ID, CLIENT_SECRET, CLIENT_AUTHENTICATION, TOKEN_LIFETIME } = process.env;
const CALLBACK = /^\/(api\/)?integrations\/[a-z0-9_]+\/callback(\/[0-9a-f-]+)?$/;
const DAY = 24 * 60 * 60;

await start((issuer) => {
  const store = new Store();
  const provider = new Provider(issuer, configuration(store));
  // The vault's port is not known yet, and neither are the ids of the apps of organisations.
  provider.Client.prototype.redirectUriAllowed = (uri) => CALLBACK.test(new URL(uri).pathname);
  const counts = { reuses: 0, revoked_grants: 0 };
  provider.on('grant.error', (_, error) => {
    counts.reuses += error.error_detail === 'refresh token already used' ? 1 : 0;
  });
  provider.on('grant.revoked', () => {
    counts.revoked_grants += 1;
  });
  const answer = provider.callback();
  const handler = (req, res) => {
    // Nobody stays signed in, so that each flow may be another account's.
    req.headers.cookie = req.headers.cookie?.replaceAll(/_session(\.\w+)*=[^;]*;?/g, '');
    if (req.url.startsWith('/interaction/')) {
      decide(provider, req, res).catch((error) => res.writeHead(400).end(error.message));
    } else {
      answer(req, res);
    }
  };
  const controls = {
    expire_access_tokens: () => store.deleteWhere((model) => model === 'AccessToken'),
    revoke_grants: () => {
      store.deleteWhere((model, payload) => model !== 'AccessToken' && payload.grantId);
      counts.revoked_grants += store.deleteWhere((model) => model === 'Grant');
      store.deleteWhere((model) => model === 'AccessToken');
    },
  };
  return { handler, stats: () => counts, controls };
});

function configuration(store) {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return {
    adapter: store.adapter,
    clients: [{
      client_id: CLIENT_ID,
      client_secret: CLIENT_SECRET,
      redirect_uris: ['https://strongroom.example.com/'],
      grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
      token_endpoint_auth_method: CLIENT_AUTHENTICATION === 'body' ? 'client_secret_post' : 'client_secret_basic',
    }],
    claims: { openid: ['sub'], email: ['email'] },
    scopes: ['openid', 'offline_access', 'deny'],
    cookies: { keys: [randomBytes(32).toString('hex')] },
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256' }] },
    pkce: { required: () => true },
    routes: { authorization: '/authorize', token: '/token', userinfo: '/userinfo', revocation: '/revoke' },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      revocation: { enabled: true },
      userinfo: { enabled: true },
    },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    // Each flow has a grant of its own, so that a reuse revokes one credential's tokens and no others.
    loadExistingGrant: ({ oidc }) => {
      const grant = oidc.result?.consent?.grantId;
      return grant ? oidc.provider.Grant.find(grant) : undefined;
    },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, email: id.replace(/^user:/, '') }) }),
    issueRefreshToken: (_, client) => client.grantTypeAllowed('refresh_token'),
    expiresWithSession: () => false,
    rotateRefreshToken: true,
    ttl: {
      AccessToken: Number(TOKEN_LIFETIME), ClientCredentials: Number(TOKEN_LIFETIME), RefreshToken: DAY,
      AuthorizationCode: 60, Grant: DAY, IdToken: 3600, Interaction: 600, Session: DAY,
    },
  };
}

async function decide(provider, req, res) {
  const { params } = await provider.interactionDetails(req, res);
  if (params.scope.split(' ').includes('deny')) {
    return provider.interactionFinished(req, res, { error: 'access_denied' });
  }
  const account = accountId(params);
  const grant = new provider.Grant({ accountId: account, clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  const result = { login: { accountId: account }, consent: { grantId: await grant.save() } };
  return provider.interactionFinished(req, res, result, { mergeWithLastSubmission: false });
}

function accountId({ login_hint }) {
  return `user:${login_hint ?? 'alice@example.com'}`;
}
