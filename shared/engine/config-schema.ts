import { z } from 'zod';
import { DURATION } from './duration.ts';

/**
 * The shape of the configuration file, and with `scripts/schema.ts` the source of `keyturn.schema.json`.
 * Bounds which depend on other members are in `config-checks.ts`. A message says what was expected.
 */

const DURATION_EXPECTED =
  'expected an ISO 8601 duration such as P29D or PT4M, without years and months';
const duration = z.string(DURATION_EXPECTED).regex(DURATION, DURATION_EXPECTED);

const NAME_EXPECTED =
  'expected a name of 1 to 110 letters, digits and dashes, as Key Vault takes it';
const secretName = z.string(NAME_EXPECTED).regex(/^[0-9a-zA-Z-]{1,110}$/, NAME_EXPECTED);

const HTTPS_EXPECTED = 'expected an https URL without query, such as https://login.example';
const httpsUrl = z
  .string(HTTPS_EXPECTED)
  .regex(/^https:\/\/[^\s/?#]+[^\s?#]*$/, HTTPS_EXPECTED)
  .refine(URL.canParse, HTTPS_EXPECTED);

const GUID_EXPECTED = 'expected a GUID, such as 11111111-2222-3333-4444-555555555555';
const guid = z.guid(GUID_EXPECTED);

const SERVICE_EXPECTED =
  'expected the ARM id of an API Management service: ' +
  '/subscriptions/<id>/resourceGroups/<name>/providers/Microsoft.ApiManagement/service/<name>';
const service = z
  .string(SERVICE_EXPECTED)
  .regex(
    /^\/subscriptions\/[^/\s]+\/resource[gG]roups\/[^/\s]{1,90}\/providers\/[mM]icrosoft\.[aA]pi[mM]anagement\/service\/[a-zA-Z](?:[0-9a-zA-Z-]{0,48}[0-9a-zA-Z])?$/,
    SERVICE_EXPECTED,
  );

const GATEWAY_EXPECTED =
  'expected the name of a self-hosted gateway, or "*" for all of the service';
const gateway = z
  .string(GATEWAY_EXPECTED)
  .regex(/^(?!managed$)(?:\*|[^\s*#&+:<>?/]{1,80})$/, GATEWAY_EXPECTED);

const text = (expected: string) => z.string(expected).min(1, expected);
const list = <T extends z.ZodType>(item: T) => z.array(item, 'expected a list');

const JWKS_EXPECTED = 'expected public RSA or EC keys: { keys: [{ kty, kid, … }] }';
const member = z.string(JWKS_EXPECTED).exactOptional();

/** Only public members: a private key is an unknown key. */
const jwk = z.strictObject(
  {
    kty: z.enum(['RSA', 'EC'], JWKS_EXPECTED),
    kid: z.string('expected the key id which the tokens name'),
    use: member,
    alg: member,
    n: member,
    e: member,
    crv: member,
    x: member,
    y: member,
  },
  JWKS_EXPECTED,
);

export const CONSUMER_SCHEMA = z
  .strictObject({
    id: z
      .string('expected the name of a consumer')
      .regex(
        /^[0-9a-zA-Z._-]{1,80}$/,
        'expected 1 to 80 letters, digits, dots, dashes, underscores',
      )
      .describe('Name of the cluster or workload.'),
    issuer: httpsUrl.describe("The cluster's OIDC issuer, exactly as its tokens say.").optional(),
    subject: text('expected the subject of the tokens, such as system:serviceaccount:<ns>:<name>')
      .describe('Subject of its tokens, exactly.')
      .optional(),
    jwks: z
      .strictObject({ keys: list(jwk).min(1, JWKS_EXPECTED) }, JWKS_EXPECTED)
      .describe('Public keys of an issuer which cannot be reached.')
      .optional(),
    application: guid
      .describe('Entra application (client id) as which it logs in, instead of issuer and subject.')
      .optional(),
    restartWithin: duration
      .describe('Its word that no pod runs longer with an old value after a new one was stored.')
      .optional(),
  })
  .describe('A cluster or workload which may pull credentials.');

const RETIRE_EXPECTED = 'expected expired, adopted or { after: <duration> }';

export const GATEWAY_TOKEN_SCHEMA = z
  .strictObject({
    service: service.describe('ARM id of the API Management service.'),
    gateway: gateway.describe('Name of the self-hosted gateway, or "*" to discover all of them.'),
    consumers: list(text('expected the id of a consumer'))
      .describe('Who may pull it. "{gateway}" is the consumer with the name of the gateway.')
      .optional(),
    secret: secretName
      .describe('Name of the Key Vault secret and id; <service>--<gateway> if left out.')
      .optional(),
    lifetime: duration.describe('Life of a token; P29D if left out.').optional(),
    renewAt: z
      .number('expected a number from 0.1 to 0.9')
      .min(0.1, 'expected at least 0.1')
      .max(0.9, 'expected at most 0.9')
      .describe('Part of the life after which it is renewed; two thirds if left out.')
      .optional(),
    retire: z
      .union(
        [z.literal('expired'), z.literal('adopted'), z.strictObject({ after: duration })],
        RETIRE_EXPECTED,
      )
      .describe('When the key of the old token may be regenerated; expired if left out.')
      .optional(),
    overlap: duration
      .describe('retire: adopted waits at least so long; P1D if left out.')
      .optional(),
    format: z
      .enum(['gateway-key', 'raw'], 'expected gateway-key or raw')
      .describe('raw leaves out the prefix "GatewayKey ".')
      .optional(),
    directReaders: z
      .boolean('expected true or false')
      .describe('Somebody reads the Key Vault secret without Keyturn: retires only expired tokens.')
      .optional(),
  })
  .describe('The access token of a self-hosted gateway.');

const limit = duration.optional();

/** Every member has the name of its limit in `shared/core/limits.ts`, without the unit. */
const limits = z
  .strictObject({
    maxTokenLife: limit,
    lifeMargin: limit,
    deadline: limit,
    callTimeout: limit,
    flight: limit,
    skew: limit,
    expiryMargin: limit,
    reuseGuard: limit,
    probeEvery: limit,
    holdMargin: limit,
    maxSetback: limit,
    maxIdle: limit,
    repairWindow: limit,
    sweepLate: limit,
  })
  .describe('Shorter constants of the protocol, for the sandbox; endpoints.arm must be loopback.');

export const CONFIG_SCHEMA = z
  .strictObject(
    {
      mode: z
        .enum(['rotate', 'observe'], 'expected rotate or observe')
        .describe('observe plans everything and changes nothing.'),
      vault: httpsUrl.describe('URL of the Key Vault which holds the published secrets.'),
      identity: z
        .strictObject(
          {
            audiences: list(text('expected an audience, such as api://keyturn.contoso.com'))
              .min(1, 'expected at least one audience')
              .describe('Audiences of the tokens which callers present.'),
            tenant: guid.describe('Entra tenant of applications, operators and readers.'),
          },
          'expected { audiences, tenant }',
        )
        .describe('Which tokens callers present.'),
      consumers: list(CONSUMER_SCHEMA).optional(),
      gatewayTokens: list(GATEWAY_TOKEN_SCHEMA).optional(),
      endpoints: z
        .strictObject({
          arm: httpsUrl
            .describe('Azure Resource Manager; https://management.azure.com if left out.')
            .optional(),
          login: httpsUrl
            .describe('Entra; https://login.microsoftonline.com if left out.')
            .optional(),
        })
        .describe('Sovereign clouds and emulators.')
        .optional(),
      limits: limits.optional(),
    },
    'expected a mapping with mode, vault, identity, consumers and gatewayTokens',
  )
  .describe('Configuration of Keyturn.');

export type ConfigFile = z.infer<typeof CONFIG_SCHEMA>;
export type ConsumerEntry = z.infer<typeof CONSUMER_SCHEMA>;
export type GatewayTokenEntry = z.infer<typeof GATEWAY_TOKEN_SCHEMA>;
