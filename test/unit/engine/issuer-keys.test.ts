import { describe, expect, it } from 'vitest';
import { memoryApp } from '../../support/memory-app.ts';

const SECOND = 1_000;
const DAY = 86_400_000;

function pulling() {
  const app = memoryApp();
  const pull = async (token: string) => app.ask('pull', { token, params: { id: 'nobodys' } });
  return { ...app, pull };
}

/** A verified consumer gets 403 for a name which is not its own. */
const VERIFIED = 403;

describe('keys of an issuer', () => {
  it('are fetched once for any number of tokens', async () => {
    const { pull, tokens, web } = pulling();
    for (const jti of ['1', '2', '3']) await pull(await tokens.lyon({ jti }));
    expect(web.fetched).toHaveLength(2);
  });

  it('are fetched again for a new key id, so that a rolled key works at once', async () => {
    const { pull, tokens, web, cluster, clock } = pulling();
    await pull(await tokens.lyon());
    await cluster.roll();
    clock.nowMs += 30 * SECOND;
    expect(await pull(await tokens.lyon())).toMatchObject({ status: VERIFIED });
    expect(web.fetched).toHaveLength(4);
  });

  it('are fetched for unknown key ids at most every 30 seconds', async () => {
    const { pull, cluster, web, clock, tokens } = pulling();
    await pull(await tokens.lyon());
    clock.nowMs += 30 * SECOND;
    for (let n = 0; n < 50; n += 1) {
      const reply = await pull(await cluster.sign({ sub: 'x' }, { kid: `made-up-${n}` }));
      expect(reply).toMatchObject({
        status: 401,
        body: expect.stringContaining('ERR_UNAUTHENTICATED'),
      });
    }
    expect(web.fetched).toHaveLength(4);
    clock.nowMs += 30 * SECOND - 1;
    await pull(await cluster.sign({ sub: 'x' }, { kid: 'made-up' }));
    expect(web.fetched).toHaveLength(4);
    clock.nowMs += 1;
    await pull(await cluster.sign({ sub: 'x' }, { kid: 'made-up' }));
    expect(web.fetched).toHaveLength(6);
  });

  it('go on while the issuer is unreachable, for days', async () => {
    const { pull, tokens, web, clock } = pulling();
    await pull(await tokens.lyon());
    web.online = false;
    clock.nowMs += 3 * DAY;
    expect(await pull(await tokens.lyon())).toMatchObject({ status: VERIFIED });
  });

  it('fail closed with their own code when they are unknown and the issuer is unreachable', async () => {
    const { pull, tokens, web, cluster } = pulling();
    web.online = false;
    const unknown = { status: 401, body: expect.stringContaining('ERR_KEYS_UNAVAILABLE') };
    expect(await pull(await tokens.lyon())).toMatchObject(unknown);
    web.online = true;
    expect(await pull(await tokens.lyon())).toMatchObject(unknown);
    expect(web.fetched).toHaveLength(1);
    expect(cluster.issuer).toBe('https://oidc.edge.example/lyon');
  });

  it('are not taken from a document of another issuer', async () => {
    const { pull, tokens, web } = pulling();
    web.claims = 'https://oidc.edge.example';
    expect(await pull(await tokens.lyon())).toMatchObject({
      status: 401,
      body: expect.stringContaining('ERR_KEYS_UNAVAILABLE'),
    });
  });

  it('are asked for again five seconds after the issuer did not answer', async () => {
    const { pull, tokens, web, clock } = pulling();
    web.online = false;
    await pull(await tokens.lyon());
    web.online = true;
    clock.nowMs += 5 * SECOND - 1;
    expect(await pull(await tokens.lyon())).toMatchObject({ status: 401 });
    clock.nowMs += 1;
    expect(await pull(await tokens.lyon())).toMatchObject({ status: VERIFIED });
  });

  it('are looked for daily, and nobody waits for it', async () => {
    const { pull, tokens, web, clock } = pulling();
    await pull(await tokens.lyon());
    clock.nowMs += DAY;
    await pull(await tokens.lyon());
    expect(web.fetched).toHaveLength(2);
    clock.nowMs += 1;
    await pull(await tokens.lyon());
    expect(web.fetched.length).toBeGreaterThan(2);
  });
});
