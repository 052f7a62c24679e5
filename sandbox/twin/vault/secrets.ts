import { randomUUID } from 'node:crypto';
import type { Context, Handler } from 'hono';
import { z } from 'zod';
import type { SecretVersion } from '../facts.ts';
import { bodyOf, callerOf, type Env } from '../http.ts';
import type { Secret } from '../state.ts';
import type { Twin } from '../twin.ts';
import { badParameter, parsed, secretDisabled, secretNotFound } from './errors.ts';
import { page } from './lists.ts';
import type { Settling } from './settling.ts';

type SecretHandler = Handler<Env, '/secrets/:name'>;
type VersionHandler = Handler<Env, '/secrets/:name/:version?'>;

const tagsSchema = z
  .record(z.string().max(512), z.string().max(512))
  .refine((tags) => Object.keys(tags).length <= 15, 'There are 15 tags at most.');
const metadata = {
  contentType: z.string().max(255).exactOptional(),
  tags: tagsSchema.exactOptional(),
  attributes: z
    .object({
      enabled: z.boolean().exactOptional(),
      nbf: z.number().int().exactOptional(),
      exp: z.number().int().exactOptional(),
    })
    .exactOptional(),
};
const setSchema = z.object({ value: z.string().max(25_600), ...metadata });
const updateSchema = z.object(metadata);

/** A new version, which is the latest at once. */
export function set(twin: Twin, settling: Settling): SecretHandler {
  return async (c) => {
    const { attributes, ...rest } = parsed(setSchema, await bodyOf(c));
    const secret = c.req.param('name');
    if (!/^[0-9a-zA-Z-]{1,127}$/.test(secret)) throw badParameter('The secret name is invalid.');
    settling.requireFreeName(secret);
    const created = nowSeconds();
    const version = {
      id: randomUUID().replaceAll('-', ''),
      ...rest,
      attributes: { enabled: true, ...attributes, created, updated: created },
    };
    twin.record(callerOf(c).displayName, { kind: 'secret-set', secret, version });
    return c.json({ value: version.value, ...toItem(twin, secret, version) });
  };
}

/** The version asked for, or the latest. A disabled one is not shown and nothing stands in for it. */
export function get(twin: Twin, settling: Settling): VersionHandler {
  return (c) => {
    const { name, version } = found(c, twin, settling);
    if (!version.attributes.enabled) throw secretDisabled();
    return c.json({ value: version.value, ...toItem(twin, name, version) });
  };
}

/** Changes what is beside the value; tags are replaced as a whole. The answer has no value. */
export function update(twin: Twin, settling: Settling): VersionHandler {
  return async (c) => {
    const { attributes, ...rest } = parsed(updateSchema, await bodyOf(c));
    const { name: secret, version: before } = found(c, twin, settling);
    const updated = { ...before.attributes, ...attributes, updated: nowSeconds() };
    const version = { ...before, ...rest, attributes: updated };
    twin.record(callerOf(c).displayName, { kind: 'secret-updated', secret, version });
    return c.json(toItem(twin, secret, version));
  };
}

/** All secrets with what their latest versions have, without values. */
export function list(twin: Twin, settling: Settling): Handler<Env> {
  return (c) => {
    const items = [...twin.state.secrets]
      .filter(([name, { deletedAtMs }]) => deletedAtMs === undefined && !settling.has(name))
      .toSorted(([a], [b]) => a.localeCompare(b))
      .map(([name, secret]) => ({ ...toItem(twin, name, latest(secret)), id: idOf(twin, name) }));
    return c.json(page(c, twin.urls.vault, items));
  };
}

/** Sorted by id, which says nothing about age, as at Key Vault. */
export function listVersions(twin: Twin, settling: Settling): SecretHandler {
  return (c) => {
    const name = c.req.param('name');
    const items = settling
      .requireLive(name)
      .versions.toSorted((a, b) => a.id.localeCompare(b.id))
      .map((version) => toItem(twin, name, version));
    return c.json(page(c, twin.urls.vault, items));
  };
}

export function latest(secret: Secret): SecretVersion {
  const version = secret.versions.at(-1);
  if (version === undefined) throw new Error('A secret has at least one version.');
  return version;
}

export function idOf(twin: Twin, name: string): string {
  return `${twin.urls.vault}/secrets/${name}`;
}

/** A version without its value. */
export function toItem(twin: Twin, name: string, version: SecretVersion) {
  const { id, contentType, tags, attributes } = version;
  const recovery = { recoveryLevel: 'Recoverable+Purgeable', recoverableDays: 90 };
  return {
    id: `${idOf(twin, name)}/${id}`,
    contentType,
    attributes: { ...attributes, ...recovery },
    tags,
  };
}

function found(c: Context<Env, '/secrets/:name/:version?'>, twin: Twin, settling: Settling) {
  const { name, version: id } = c.req.param();
  const secret = settling.requireLive(name);
  const version =
    id === undefined ? latest(secret) : secret.versions.find((known) => known.id === id);
  if (version === undefined) throw secretNotFound(`${name}/${id}`);
  return { name, version };
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
