import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type requestModule from 'openapi-request-validator';
import type responseModule from 'openapi-response-validator';

// Both are CommonJS with a `default` member, which vitest unwraps and Node does not.
const require = createRequire(import.meta.url);
const RequestValidator = require('openapi-request-validator')
  .default as typeof requestModule.default;
const ResponseValidator = require('openapi-response-validator')
  .default as typeof responseModule.default;

/** One request and its answer, bodies as JSON or nothing. */
export interface Exchange {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly status: number;
  readonly answer: unknown;
}

export type DescribedApi = 'api-management' | 'key-vault';

/** Where Azure itself does not answer as its description says, with the fact that shows it. */
const EXCEPTIONS: readonly { api: DescribedApi; path: string; fact: string }[] = [
  {
    api: 'api-management',
    path: 'error/details',
    fact: 'docs/azure-facts.md: `details: null` in recorded 404 bodies',
  },
  {
    api: 'key-vault',
    path: 'nextLink',
    fact: 'docs/azure-facts.md: the last page has `nextLink: null`',
  },
];

interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly parameters: Readonly<Record<string, Parameter>>;
  readonly definitions: Readonly<Record<string, object>>;
}

interface Operation {
  readonly operationId: string;
  readonly parameters: readonly (Parameter | { readonly $ref: string })[];
  readonly responses: ConstructorParameters<typeof ResponseValidator>[0]['responses'];
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly type?: string;
}

/**
 * What is wrong with an exchange by Microsoft's description. A request it forbids is no fault as
 * long as it is refused.
 */
export function violations(api: DescribedApi, exchange: Exchange): readonly string[] {
  const description = DESCRIPTIONS[api];
  const route = routeOf(description, exchange);
  if (route === undefined) return [`${exchange.method} ${exchange.url} is not described`];
  const validate = validatorsOf(description, route.operation);
  const wrongAnswer = answerErrors(validate, exchange).filter(
    ({ path }) => !EXCEPTIONS.some((known) => known.api === api && known.path === path),
  );
  const wrongRequest = exchange.status < 400 ? requestErrors(validate, route.params, exchange) : [];
  const name = route.operation.operationId;
  return [...wrongAnswer, ...wrongRequest].map(
    ({ path, message }) => `${name} ${path}: ${message}`,
  );
}

const DESCRIPTIONS = { 'api-management': read('api-management'), 'key-vault': read('key-vault') };

function read(api: DescribedApi): Description {
  const file = new URL(`../fixtures/api/${api}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as Description;
}

interface Route {
  readonly operation: Operation;
  readonly params: Readonly<Record<string, string>>;
}

/** The described path with the fewest parameters wins, as `/secrets/x/versions` must. */
function routeOf({ paths }: Description, { method, url }: Exchange): Route | undefined {
  const pathname = decodeURIComponent(new URL(url).pathname);
  const fewestFirst = Object.entries(paths).toSorted(([a], [b]) => count(a) - count(b));
  for (const [template, operations] of fewestFirst) {
    const operation = operations[method.toLowerCase()];
    const match = new RegExp(`^${template.replace(/\{[^}]+\}/g, '([^/]*)')}$`).exec(pathname);
    if (operation === undefined || match === null) continue;
    const names = [...template.matchAll(/\{([^}]+)\}/g)].map(([, name = '']) => name);
    const params = Object.fromEntries(names.map((name, index) => [name, match[index + 1] ?? '']));
    return { operation, params };
  }
  return undefined;
}

function count(template: string): number {
  return template.split('{').length;
}

interface Finding {
  readonly path: string;
  readonly message: string;
}

/** Compiling a schema takes longer than everything else here. */
const validators = new Map<Operation, Validators>();

interface Validators {
  readonly parameters: readonly Parameter[];
  readonly request: InstanceType<typeof RequestValidator>;
  readonly response: InstanceType<typeof ResponseValidator>;
}

function validatorsOf({ definitions, parameters }: Description, operation: Operation): Validators {
  const known = validators.get(operation);
  if (known !== undefined) return known;
  const resolved = operation.parameters.map((parameter) =>
    '$ref' in parameter ? parameters[parameter.$ref.split('/').at(-1) ?? ''] : parameter,
  ) as Parameter[];
  const made = {
    parameters: resolved,
    request: new RequestValidator({ parameters: resolved, schemas: definitions as never }),
    response: new ResponseValidator({ responses: operation.responses, definitions }),
  };
  validators.set(operation, made);
  return made;
}

function answerErrors({ response }: Validators, exchange: Exchange): readonly Finding[] {
  if (exchange.method === 'HEAD') return [];
  const result = response.validateResponse(String(exchange.status), exchange.answer);
  return (result?.errors ?? []) as readonly Finding[];
}

function requestErrors(
  { request, parameters }: Validators,
  params: Route['params'],
  { url, headers, body }: Exchange,
): readonly Finding[] {
  const given = [...new URL(url).searchParams];
  const query = Object.fromEntries(
    given.map(([name, value]) => [name, isInteger(parameters, name) ? Number(value) : value]),
  );
  const withType = { 'content-type': 'application/json', ...headers };
  const result = request.validateRequest({ headers: withType, params, query, body });
  return (result?.errors ?? []) as readonly Finding[];
}

function isInteger(parameters: readonly Parameter[], name: string): boolean {
  return parameters.some((parameter) => parameter.name === name && parameter.type === 'integer');
}
