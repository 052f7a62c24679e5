import { createHash } from 'node:crypto';
import { exportJWK, exportSPKI, generateKeyPair, importJWK, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { parseConfiguration } from '../../../shared/engine/config.ts';
import type { Principal } from '../../../shared/engine/authorize.ts';
import { openAuthorize } from '../../../shared/engine/authorize.ts';
import { openIssuerKeys } from '../../../shared/engine/issuer-keys.ts';
import { AUDIENCE, CLUSTER, ENTRA, ENTRA_V1, SUBJECT } from '../../support/issuers.ts';
import { callOf, CONFIG, memoryApp } from '../../support/memory-app.ts';

const MINUTE = 60_000;

function gate() {
  const app = memoryApp();
  const keys = openIssuerKeys(app.web.fetchJson, app.ports);
  const authorize = openAuthorize(keys, () => app.clock.nowMs);
  return {
    ...app,
    seconds: () => Math.floor(app.clock.nowMs / 1_000),
    as: (token?: string): Promise<Principal> =>
      authorize(callOf(token === undefined ? {} : { token }), app.file.configuration),
  };
}

const UNAUTHENTICATED = { code: 'ERR_UNAUTHENTICATED' };

describe('who calls', () => {
  it('is a consumer by the token of its own cluster', async () => {
    const { as, tokens } = gate();
    expect(await as(await tokens.lyon())).toEqual({
      consumer: 'edge-lyon',
      roles: [],
      name: 'edge-lyon',
    });
  });

  it.each([ENTRA, ENTRA_V1])('is a consumer by an Entra token issued as %s', async (iss) => {
    const { as, tokens } = gate();
    expect(await as(await tokens.weu({ iss }))).toMatchObject({ consumer: 'aks-weu' });
  });

  it('is known by appid in tokens of version 1', async () => {
    const { as, tokens, file } = gate();
    const appid = '66666666-7777-8888-9999-000000000000';
    const token = await tokens.weu({ iss: ENTRA_V1, azp: undefined, appid });
    expect(file.configuration.consumers).toHaveLength(2);
    expect(await as(token)).toMatchObject({ consumer: 'aks-weu' });
  });

  it('is an operator, who is a reader too, by an app role', async () => {
    const { as, tokens } = gate();
    expect(await as(await tokens.operator())).toEqual({
      roles: ['operator', 'reader'],
      name: 'ada@contoso.com (object-1)',
    });
    expect(await as(await tokens.reader())).toMatchObject({ roles: ['reader'] });
  });

  it('has no role by a cluster token which claims one', async () => {
    const { as, tokens } = gate();
    const token = await tokens.lyon({ roles: ['Keyturn.Operator'] });
    expect(await as(token)).toMatchObject({ consumer: 'edge-lyon', roles: [] });
  });

  it('is no consumer by the token of a person who uses its application', async () => {
    const { as, tokens } = gate();
    await expect(as(await tokens.weu({ scp: 'user_impersonation' }))).rejects.toMatchObject({
      code: 'ERR_ACCESS',
    });
  });

  it('is known by the keys of the configuration where the issuer cannot be reached', async () => {
    const { as, tokens, file, web, cluster } = gate();
    const [key] = (await cluster.jwks()).keys;
    const jwks = `jwks: { keys: [${JSON.stringify(key)}] }, restartWithin`;
    file.configuration = parseConfiguration(CONFIG.replace('restartWithin', jwks));
    web.online = false;
    expect(await as(await tokens.lyon())).toMatchObject({ consumer: 'edge-lyon' });
    expect(web.fetched).toEqual([]);
  });
});

describe('a token is refused', () => {
  it('when there is none', async () => {
    await expect(gate().as()).rejects.toMatchObject(UNAUTHENTICATED);
  });

  it('when there is white space in it', async () => {
    const { as, tokens } = gate();
    const token = await tokens.lyon();
    const spaced = `${token.slice(0, -4)} ${token.slice(-4)}`;
    await expect(as(spaced)).rejects.toMatchObject(UNAUTHENTICATED);
  });

  it.each(['x', 'a.b.c', 'a.b', '..'])('when it is %s', async (token) => {
    await expect(gate().as(token)).rejects.toMatchObject(UNAUTHENTICATED);
  });

  it('with alg none', async () => {
    const { as, seconds } = gate();
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const claims = { iss: CLUSTER, sub: SUBJECT, aud: AUDIENCE, exp: seconds() + 600 };
    for (const signature of ['', 'AA']) {
      const token = `${part({ alg: 'none', kid: 'key-1' })}.${part(claims)}.${signature}`;
      await expect(as(token)).rejects.toMatchObject(UNAUTHENTICATED);
    }
  });

  it('with HS256 keyed by the public key', async () => {
    const { as, entra, seconds } = gate();
    const [jwk] = (await entra.jwks()).keys;
    const publicKey = await importJWK({ ...jwk, alg: 'RS256' });
    if (publicKey instanceof Uint8Array) throw new Error('an RSA key is expected');
    const pem = await exportSPKI(publicKey);
    const token = await new SignJWT({ azp: '66666666-7777-8888-9999-000000000000', sub: 'sp' })
      .setProtectedHeader({ alg: 'HS256', kid: 'key-1' })
      .setIssuer(ENTRA)
      .setAudience(AUDIENCE)
      .setExpirationTime(seconds() + 600)
      .sign(new TextEncoder().encode(pem));
    await expect(as(token)).rejects.toMatchObject(UNAUTHENTICATED);
  });

  it('with another algorithm of the same key', async () => {
    const { as, file, seconds } = gate();
    const { publicKey, privateKey } = await generateKeyPair('RS512', { extractable: true });
    const { kty, n, e } = await exportJWK(publicKey);
    const keys = `jwks: ${JSON.stringify({ keys: [{ kty, n, e, kid: 'a' }] })}, restartWithin`;
    file.configuration = parseConfiguration(CONFIG.replace('restartWithin', keys));
    const token = await new SignJWT({ iss: CLUSTER, sub: SUBJECT, aud: AUDIENCE })
      .setProtectedHeader({ alg: 'RS512', kid: 'a' })
      .setExpirationTime(seconds() + 600)
      .sign(privateKey);
    await expect(as(token)).rejects.toMatchObject(UNAUTHENTICATED);
  });

  it.each([
    ['for another audience', { aud: 'api://other' }],
    ['for a longer audience', { aud: `${AUDIENCE}/x` }],
    ['of an issuer nobody configured', { iss: 'https://oidc.edge.example/other' }],
    ['of an issuer which only begins like ours', { iss: `${CLUSTER}/x` }],
    ['without an issuer', { iss: undefined }],
    ['without an end', { exp: undefined }],
    ['without a subject', { sub: undefined }],
  ])('%s', async (_, claims) => {
    const { as, tokens } = gate();
    await expect(as(await tokens.lyon(claims))).rejects.toMatchObject(UNAUTHENTICATED);
  });

  it.each([
    `${ENTRA}/x`,
    `${ENTRA_V1}x`,
    'https://sts.windows.net/99999999-2222-3333-4444-555555555555/',
  ])('when Entra signed it as %s, which is not the tenant', async (iss) => {
    const { as, tokens } = gate();
    await expect(as(await tokens.weu({ iss }))).rejects.toMatchObject(UNAUTHENTICATED);
  });

  it.each([`${SUBJECT}2`, SUBJECT.slice(0, -1), SUBJECT.toUpperCase()])(
    'when its subject is %s, which is no consumer',
    async (sub) => {
      const { as, tokens } = gate();
      await expect(as(await tokens.lyon({ sub }))).rejects.toMatchObject({ code: 'ERR_ACCESS' });
    },
  );

  it('when a cluster issues for the subject of another', async () => {
    const { as, tokens, file } = gate();
    const other = `- { id: other, issuer: https://oidc.edge.example/other, subject: other }\n`;
    file.configuration = parseConfiguration(
      CONFIG.replace('  - { id: aks-weu', `  ${other}  - { id: aks-weu`),
    );
    await expect(as(await tokens.lyon({ sub: 'other' }))).rejects.toMatchObject({
      code: 'ERR_ACCESS',
    });
  });

  it('one second after its end and the leeway, and not before', async () => {
    const { as, tokens, seconds } = gate();
    await expect(as(await tokens.lyon({ exp: seconds() - 59 }))).resolves.toBeDefined();
    await expect(as(await tokens.lyon({ exp: seconds() - 60 }))).rejects.toMatchObject(
      UNAUTHENTICATED,
    );
  });

  it('one second before its begin less the leeway, and not after', async () => {
    const { as, tokens, seconds } = gate();
    await expect(as(await tokens.lyon({ nbf: seconds() + 60 }))).resolves.toBeDefined();
    await expect(as(await tokens.lyon({ nbf: seconds() + 61 }))).rejects.toMatchObject(
      UNAUTHENTICATED,
    );
  });

  it('over 12 KiB, before anything of it is parsed', async () => {
    const { as, tokens, web } = gate();
    const token = await tokens.lyon({ filler: 'x'.repeat(12 * 1024) });
    await expect(as(token)).rejects.toThrow('longer than 12288');
    expect(web.fetched).toEqual([]);
  });

  it('when its signature is of another key with the same id', async () => {
    const { as, tokens, cluster } = gate();
    await as(await tokens.lyon());
    await cluster.roll();
    const forged = await cluster.sign({ sub: SUBJECT }, { kid: 'key-1' });
    await expect(as(forged)).rejects.toMatchObject(UNAUTHENTICATED);
  });
});

describe('a verified token', () => {
  it('is remembered and needs no key until it ends', async () => {
    const { as, tokens, clock, cluster } = gate();
    const token = await tokens.lyon();
    await as(token);
    await cluster.roll();
    clock.nowMs += 10 * MINUTE - 1;
    await expect(as(token)).resolves.toBeDefined();
    clock.nowMs += MINUTE + 1;
    await expect(as(token)).rejects.toMatchObject(UNAUTHENTICATED);
  });

  it('is forgotten when the configuration changes', async () => {
    const { as, tokens, file } = gate();
    const token = await tokens.lyon();
    await as(token);
    file.configuration = parseConfiguration(CONFIG.replace(`"${SUBJECT}"`, '"somebody else"'));
    await expect(as(token)).rejects.toMatchObject({ code: 'ERR_ACCESS' });
  });
});

describe('a refusal', () => {
  it('is logged with its code and without the token', async () => {
    const { ask, tokens, world } = memoryApp();
    const token = await tokens.lyon({ aud: 'api://other' });
    const reply = await ask('pull', { token, params: { id: 'x' } });
    expect(reply).toMatchObject({
      status: 401,
      headers: { 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store' },
    });
    const lines = JSON.stringify(world.lines);
    expect(lines).toContain('ERR_UNAUTHENTICATED');
    for (const part of [...token.split('.'), createHash('sha256').update(token).digest('hex')]) {
      expect(lines).not.toContain(part);
      expect(reply.body).not.toContain(part);
    }
  });
});
