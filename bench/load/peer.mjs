// A provider of the same kind for comparison, as its makers ship it: npm's
// oidc-provider, in memory, giving a machine's token signed with ES256.
// node bench/load/peer.mjs PORT, with the packages of e2e/openid.
import crypto from 'node:crypto';
import { createRequire } from 'node:module';

const require = createRequire(new URL('../../e2e/openid/package.json', import.meta.url));
const { default: Provider } = await import(require.resolve('oidc-provider'));
const port = Number(process.argv[2]);
const key = Object.assign(crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }), { alg: 'ES256', use: 'sig' });
new Provider(`http://127.0.0.1:${port}`, {
  clients: [{ client_id: 'machine', client_secret: 'secret-of-the-comparison', grant_types: ['client_credentials'], redirect_uris: [], response_types: [], id_token_signed_response_alg: 'ES256' }],
  jwks: { keys: [key] },
  cookies: { keys: ['only for the comparison'] },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => 'urn:comparison',
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({ scope: 'read', accessTokenFormat: 'jwt', accessTokenTTL: 600, jwt: { sign: { alg: 'ES256' } } }),
    },
  },
}).listen(port, '127.0.0.1');
