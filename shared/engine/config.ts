import type { JSONWebKeySet } from 'jose';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { KeyturnError } from '../core/errors.ts';
import { type Limits, PRODUCTION } from '../core/limits.ts';
import type { ConsumerTerms } from '../core/nouns.ts';
import { crossProblems, type Draft, hintsOf, type Located, type Problem } from './config-checks.ts';
import {
  CONFIG_SCHEMA,
  type ConfigFile,
  CONSUMER_SCHEMA,
  type ConsumerEntry,
  GATEWAY_TOKEN_SCHEMA,
} from './config-schema.ts';
import { durationMs } from './duration.ts';
import { type Catalogue, catalogueOf } from './policies.ts';

/** The configuration file, checked and resolved. */
export interface Configuration extends Catalogue {
  readonly mode: 'rotate' | 'observe';
  /** URL of the Key Vault. */
  readonly vault: string;
  readonly identity: { readonly audiences: readonly string[]; readonly tenant: string };
  readonly consumers: readonly Consumer[];
  readonly endpoints: { readonly arm: string; readonly login: string };
  readonly limits: Limits;
  /** What will not do what its author may think; no errors. */
  readonly hints: readonly string[];
  /** Why a newer file is not in force; this is then the last good one. */
  readonly problem?: string;
}

/** A consumer and how it proves who it is: by its cluster's own issuer, or as an Entra application. */
export type Consumer = ConsumerTerms &
  (
    | { readonly issuer: string; readonly subject: string; readonly jwks?: JSONWebKeySet }
    | { readonly application: string }
  );

const PUBLIC_CLOUD = {
  arm: 'https://management.azure.com',
  login: 'https://login.microsoftonline.com',
};

/** @throws ERR_CONFIG whose message lists every problem with its path and what was expected. */
export function parseConfiguration(text: string): Configuration {
  const raw = parseYaml(text);
  const parsed = CONFIG_SCHEMA.safeParse(raw);
  const shape = parsed.error?.issues ?? [];
  const draft = draftOf(raw);
  const problems = [...shape.flatMap(toProblems), ...(draft ? crossProblems(draft) : [])];
  if (!parsed.success || draft === undefined || problems.length > 0) throw invalid(problems);
  return resolve(parsed.data, draft);
}

function parseYaml(text: string): unknown {
  const document = parseDocument(text);
  if (document.errors.length > 0) {
    throw invalid(
      document.errors.map(({ linePos, message }) => ({
        path: linePos ? `line ${linePos[0].line}` : 'file',
        message: message.split('\n')[0] ?? message,
      })),
    );
  }
  return document.toJS();
}

function invalid(problems: readonly Problem[]): KeyturnError {
  const lines = problems.map(({ path, message }) => `- ${path}: ${message}`);
  return new KeyturnError('ERR_CONFIG', `The configuration is not valid:\n${lines.join('\n')}`);
}

function toProblems(issue: z.core.$ZodIssue): readonly Problem[] {
  const path = pathText(issue.path);
  if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }];
  return issue.keys.map((key) => ({
    path: pathText([...issue.path, key]),
    message: 'unknown key: remove it or correct its spelling',
  }));
}

/** `gatewayTokens[0].retire`, as people write it. */
function pathText(path: readonly PropertyKey[]): string {
  const text = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`));
  return text.join('').replace(/^\./, '') || 'file';
}

/**
 * The parts of the file whose shape is right. Undefined where that of `limits` or `endpoints` is wrong: bounds follow
 * from them, and problems which follow from a problem help nobody.
 */
function draftOf(raw: unknown): Draft | undefined {
  const file = z.record(z.string(), z.unknown()).safeParse(raw).data ?? {};
  const endpoints = CONFIG_SCHEMA.shape.endpoints.safeParse(file['endpoints']);
  const limits = CONFIG_SCHEMA.shape.limits.safeParse(file['limits']);
  if (!endpoints.success || !limits.success) return undefined;
  return {
    limits: limitsOf(limits.data ?? {}),
    limitsGiven: limits.data !== undefined,
    endpoints: endpointsOf(endpoints.data),
    consumerIds: sound('consumers', z.looseObject({ id: z.string() }), file).map(
      ({ entry }) => entry.id,
    ),
    consumers: sound('consumers', CONSUMER_SCHEMA, file),
    gatewayTokens: sound('gatewayTokens', GATEWAY_TOKEN_SCHEMA, file),
  };
}

function sound<T>(
  section: string,
  schema: z.ZodType<T>,
  file: Readonly<Record<string, unknown>>,
): readonly Located<T>[] {
  const entries: readonly unknown[] = Array.isArray(file[section]) ? file[section] : [];
  return entries.flatMap((raw, index) => {
    const parsed = schema.safeParse(raw);
    return parsed.success ? [{ path: `${section}[${index}]`, entry: parsed.data }] : [];
  });
}

function limitsOf(given: NonNullable<ConfigFile['limits']>): Limits {
  const shorter = Object.entries(given).flatMap(([name, text]) =>
    text === undefined ? [] : [[`${name}Ms`, durationMs(text)] as const],
  );
  return { ...PRODUCTION, ...Object.fromEntries(shorter) };
}

function endpointsOf(given: ConfigFile['endpoints']): Configuration['endpoints'] {
  const { arm = PUBLIC_CLOUD.arm, login = PUBLIC_CLOUD.login } = given ?? {};
  return { arm: trimmed(arm), login: trimmed(login) };
}

function resolve(file: ConfigFile, draft: Draft): Configuration {
  const { limits } = draft;
  const consumers = (file.consumers ?? []).map(toConsumer);
  return {
    mode: file.mode,
    vault: trimmed(file.vault),
    identity: file.identity,
    consumers,
    endpoints: draft.endpoints,
    limits,
    hints: hintsOf(draft),
    ...catalogueOf(file.gatewayTokens ?? [], { mode: file.mode, limits, consumers }),
  };
}

/** The checks have seen that it is one or the other; jose looks at the rest of a key when it is used. */
function toConsumer(entry: ConsumerEntry): Consumer {
  const { id, restartWithin, application, issuer = '', subject = '', jwks } = entry;
  const terms = { id, ...(restartWithin && { restartWithinMs: durationMs(restartWithin) }) };
  if (application !== undefined) return { ...terms, application };
  return { ...terms, issuer, subject, ...(jwks && { jwks }) };
}

function trimmed(url: string): string {
  return url.replace(/\/+$/, '');
}
