import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const TENANT = '11111111-2222-3333-4444-555555555555';
const LIFE_SECONDS = 3600;

export interface IdentityEndpoint {
  /** What App Service puts into the environment of an app with a managed identity. */
  readonly settings: { readonly IDENTITY_ENDPOINT: string; readonly IDENTITY_HEADER: string };
  readonly stop: () => Promise<void>;
}

/** Gives tokens for storage which nobody signed: Azurite reads their claims and believes them. */
export async function startIdentityEndpoint(): Promise<IdentityEndpoint> {
  const server = createServer((_, response) => response.end(JSON.stringify(mintToken())));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const stop = async () => {
    server.close();
    server.closeAllConnections();
  };
  return {
    settings: { IDENTITY_ENDPOINT: `http://127.0.0.1:${port}/msi/token`, IDENTITY_HEADER: 'test' },
    stop,
  };
}

function mintToken() {
  const issuedAt = Math.floor(Date.now() / 1000);
  const expiresAt = issuedAt + LIFE_SECONDS;
  const header = { alg: 'RS256', typ: 'JWT' };
  const claims = {
    aud: 'https://storage.azure.com',
    iss: `https://sts.windows.net/${TENANT}/`,
    iat: issuedAt,
    nbf: issuedAt,
    exp: expiresAt,
  };
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  return {
    access_token: `${encode(header)}.${encode(claims)}.c2lnbmF0dXJl`,
    expires_on: String(expiresAt),
    resource: 'https://storage.azure.com',
    token_type: 'Bearer',
  };
}
