import { describe, expect, it } from 'vitest';
import { KeyturnError } from '../../../shared/core/errors.ts';
import { DAY, HOUR, PRODUCTION } from '../../../shared/core/limits.ts';
import { parseConfiguration } from '../../../shared/engine/config.ts';
import { APPLICATION, CONFIG, SERVICE } from '../../support/memory-app.ts';

function problemsOf(text: string): readonly string[] {
  try {
    parseConfiguration(text);
  } catch (error) {
    if (error instanceof KeyturnError && error.code === 'ERR_CONFIG') {
      return error.message.split('\n').slice(1);
    }
    throw error;
  }
  return [];
}

/** The good configuration with something replaced. */
function changed(from: string, to: string): string {
  expect(CONFIG).toContain(from);
  return CONFIG.replace(from, to);
}

const PARIS_ENTRY = 'gateway: paris, consumers: [edge-lyon, aks-weu], retire: adopted';

describe('a good configuration', () => {
  it('fills in what was left out', () => {
    const { policies, endpoints, limits, services } = parseConfiguration(CONFIG);
    expect(policies[1]).toEqual({
      id: 'contoso--lyon',
      kind: 'gateway-token',
      target: `${SERVICE}/gateways/lyon`,
      lifetimeMs: 29 * DAY,
      renewAt: 2 / 3,
      retire: { when: 'expired' },
      format: 'gateway-key',
      directReaders: false,
      consumers: [{ id: 'aks-weu', application: APPLICATION }],
      missingConsumers: [],
      mode: 'rotate',
      limits: PRODUCTION,
    });
    expect(policies[0]?.retire).toEqual({ when: 'adopted', overlapMs: DAY });
    expect(endpoints).toEqual({
      arm: 'https://management.azure.com',
      login: 'https://login.microsoftonline.com',
    });
    expect(limits).toEqual(PRODUCTION);
    expect(services).toEqual([SERVICE]);
  });

  it('has the durations that were written', () => {
    const entry =
      'gateway: paris, consumers: [edge-lyon], retire: adopted, lifetime: P20D, overlap: PT12H, renewAt: 0.5';
    const [paris] = parseConfiguration(changed(PARIS_ENTRY, entry)).policies;
    expect(paris).toMatchObject({
      lifetimeMs: 20 * DAY,
      renewAt: 0.5,
      retire: { when: 'adopted', overlapMs: 12 * HOUR },
      consumers: [{ id: 'edge-lyon', restartWithinMs: 6 * HOUR }],
    });
  });

  it('may retire some time after the successor', () => {
    const entry = 'gateway: paris, retire: { after: P7D }';
    const [paris] = parseConfiguration(changed(PARIS_ENTRY, entry)).policies;
    expect(paris).toMatchObject({ retire: { when: 'after', afterMs: 7 * DAY }, consumers: [] });
  });

  it('has shorter limits where ARM is on a loopback address', () => {
    const text = `${CONFIG}
endpoints: { arm: "https://127.0.0.1:7072" }
limits: { maxTokenLife: PT4M, lifeMargin: PT0S, holdMargin: PT1M, skew: PT0.5S }
`.replace('restartWithin: PT6H', 'restartWithin: PT1M');
    const { limits, policies } = parseConfiguration(text);
    expect(limits).toMatchObject({ maxTokenLifeMs: 240_000, skewMs: 500, flightMs: 900_000 });
    expect(policies[0]).toMatchObject({
      lifetimeMs: 240_000,
      retire: { when: 'adopted', overlapMs: 60_000 },
    });
  });

  it('hints at what will not do what its author may think', () => {
    const entry = `${PARIS_ENTRY}, directReaders: true, overlap: PT6H`;
    expect(parseConfiguration(changed(PARIS_ENTRY, entry)).hints).toEqual([
      'gatewayTokens[0]: with directReaders only expired tokens retire, whatever retire says',
      'gatewayTokens[0]: pulls of edge-lyon prove nothing, for its restartWithin is not below the overlap',
    ]);
    expect(parseConfiguration(CONFIG).hints).toEqual([]);
  });
});

describe('every problem is told with its path', () => {
  it('all at once, of shape and of sense', () => {
    const text = CONFIG.replace('mode: rotate', 'mode: rotates')
      .replace('application:', 'aplication:')
      .replace('consumers: [aks-weu]', 'consumers: [aks-wue], lifetime: P30D')
      .concat('entraSecrets: []\n');
    expect(problemsOf(text)).toEqual([
      '- mode: expected rotate or observe',
      '- consumers[1].aplication: unknown key: remove it or correct its spelling',
      '- entraSecrets: unknown key: remove it or correct its spelling',
      '- gatewayTokens[1].consumers: "aks-wue" is no configured consumer: add it to consumers or correct its spelling',
      '- gatewayTokens[1].lifetime: expected a duration from P2D to P29DT23H, found P30D',
    ]);
  });

  it.each([
    ['', 'file: expected a mapping'],
    ['[]', 'file: expected a mapping'],
    ['a: b: c', 'line 1: '],
    ['mode: rotate\nmode: observe', 'line 2: Map keys must be unique'],
  ])('of the file %j', (text, problem) => {
    expect(problemsOf(text)[0]).toContain(problem);
  });

  it.each([
    ['https://kv-contoso.vault.azure.net', 'http://kv', 'vault: expected an https URL'],
    ['https://kv-contoso.vault.azure.net', 'https://[kv', 'vault: expected an https URL'],
    [
      'audiences: ["api://keyturn.contoso.com"]',
      'audiences: []',
      'identity.audiences: expected at',
    ],
    ['tenant: 11111111', 'tenant: 1', 'identity.tenant: expected a GUID'],
    ['id: aks-weu', 'id: "aks weu"', 'consumers[1].id: expected 1 to 80'],
    [`application: ${APPLICATION}`, 'issuer: https://x.example', 'consumers[1]: expected either'],
    [`application: ${APPLICATION}`, 'subject: x', 'consumers[1]: expected either'],
    [', subject:', `, application: ${APPLICATION}, subject:`, 'consumers[0]: expected either'],
    ['id: aks-weu', 'id: Edge-Lyon', 'consumers[1]: same id as consumers[0]'],
    ['issuer: "https:', 'issuer: "http:', 'consumers[0].issuer: expected an https URL'],
    ['restartWithin: PT6H', 'restartWithin: P1M', 'consumers[0].restartWithin: expected an ISO'],
    [
      'restartWithin: PT6H',
      'restartWithin: P31D',
      'consumers[0].restartWithin: expected a duration',
    ],
    ['restartWithin: PT6H', 'jwks: { keys: [] }', 'consumers[0].jwks.keys: expected public RSA'],
    [
      'restartWithin: PT6H',
      'jwks: { keys: [{kty: oct, kid: a}] }',
      'consumers[0].jwks.keys[0].kty',
    ],
    ['restartWithin: PT6H', 'jwks: { keys: [{kty: EC, kid: a, d: x}] }', 'keys[0].d: unknown key'],
    ['gateway: lyon', 'gateway: managed', 'gatewayTokens[1].gateway: expected the name'],
    ['gateway: lyon', 'gateway: a/b', 'gatewayTokens[1].gateway: expected the name'],
    ['gateway: lyon', 'gateway: Paris', 'gatewayTokens[1]: same gateway as gatewayTokens[0]'],
    [
      'gateway: lyon',
      'gateway: lyon, secret: Contoso--PARIS',
      'same secret name as gatewayTokens[0]',
    ],
    ['gateway: lyon', 'gateway: "*"', 'gatewayTokens[2]: same gateway as gatewayTokens[1]'],
    ['gateway: "*"', 'gateway: "*", secret: x', 'gatewayTokens[2].secret: one name cannot serve'],
    ['gateway: lyon', 'gateway: lyon, secret: a_b', 'gatewayTokens[1].secret: expected a name'],
    [
      'gateway: lyon',
      'gateway: lyon, overlap: P1D',
      'gatewayTokens[1].overlap: has a meaning only',
    ],
    ['retire: adopted', 'retire: never', 'gatewayTokens[0].retire: expected expired, adopted'],
    ['retire: adopted', 'retire: { after: PT1H }', 'retire.after: expected a duration from P1D'],
    ['retire: adopted', 'retire: adopted, overlap: P30D', 'overlap: expected a duration from PT1S'],
    ['retire: adopted', 'renewAt: 0.95', 'gatewayTokens[0].renewAt: expected at most 0.9'],
    ['retire: adopted', 'renewAt: 0.05', 'gatewayTokens[0].renewAt: expected at least 0.1'],
    ['retire: adopted', 'format: pem', 'gatewayTokens[0].format: expected gateway-key or raw'],
    ['retire: adopted', 'lifetime: P1D', 'gatewayTokens[0].lifetime: expected a duration from P2D'],
    ['retire: adopted', 'lifetime: P1Y', 'gatewayTokens[0].lifetime: expected an ISO 8601'],
    ['consumers: [aks-weu]', 'consumers: ["{gateway}"]', '"lyon" is no configured consumer'],
    ['/service/contoso', '/service', 'gatewayTokens[0].service: expected the ARM id'],
    ['/service/contoso', '/service/con_toso', 'gatewayTokens[0].service: expected the ARM id'],
  ])('%j written as %j', (from, to, problem) => {
    expect(problemsOf(changed(from, to)).join('\n')).toContain(problem);
  });

  it.each([
    'https://management.azure.com',
    'https://127.example.com',
    'https://127.0.0.1.evil.example',
  ])('of limits while ARM is at %s', (arm) => {
    const text = `${CONFIG}\nendpoints: { arm: "${arm}" }\nlimits: { flight: PT1S }\n`;
    expect(problemsOf(text)[0]).toContain('limits: only for a sandbox');
  });
});
