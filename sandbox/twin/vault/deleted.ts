import type { Handler } from 'hono';
import { callerOf, type Env } from '../http.ts';
import type { Secret } from '../state.ts';
import type { Twin } from '../twin.ts';
import { secretDisabled } from './errors.ts';
import { page } from './lists.ts';
import { idOf, latest, toItem } from './secrets.ts';
import type { Settling } from './settling.ts';

type DeletedHandler = Handler<Env, '/deletedsecrets/:name'>;

const RECOVERABLE_MS = 90 * 86_400_000;

/** Soft delete: the name stays taken until it is recovered or purged. */
export function remove(twin: Twin, settling: Settling): Handler<Env, '/secrets/:name'> {
  return (c) => {
    const name = c.req.param('name');
    const secret = settling.requireLive(name);
    twin.record(callerOf(c).displayName, { kind: 'secret-deleted', secret: name });
    settling.begin(name);
    return c.json(toDeleted(twin, name, { ...secret, deletedAtMs: Date.now() }));
  };
}

export function get(twin: Twin, settling: Settling): DeletedHandler {
  return (c) => {
    const name = c.req.param('name');
    const secret = settling.requireDeleted(name);
    if (!latest(secret).attributes.enabled) throw secretDisabled();
    return c.json(toDeleted(twin, name, secret));
  };
}

export function list(twin: Twin, settling: Settling): Handler<Env> {
  return (c) => {
    const items = [...twin.state.secrets]
      .filter(([name, { deletedAtMs }]) => deletedAtMs !== undefined && !settling.has(name))
      .toSorted(([a], [b]) => a.localeCompare(b))
      .map(([name, secret]) => ({ ...toDeleted(twin, name, secret), id: idOf(twin, name) }));
    return c.json(page(c, twin.urls.vault, items));
  };
}

export function recover(twin: Twin, settling: Settling): DeletedHandler {
  return (c) => {
    const name = c.req.param('name');
    const secret = settling.requireRecoverable(name);
    twin.record(callerOf(c).displayName, { kind: 'secret-recovered', secret: name });
    settling.begin(name);
    return c.json(toItem(twin, name, latest(secret)));
  };
}

export function purge(twin: Twin, settling: Settling): DeletedHandler {
  return (c) => {
    const name = c.req.param('name');
    settling.requireRecoverable(name);
    twin.record(callerOf(c).displayName, { kind: 'secret-purged', secret: name });
    return c.body(null, 204);
  };
}

function toDeleted(twin: Twin, name: string, secret: Secret) {
  const deletedAtMs = secret.deletedAtMs ?? 0;
  return {
    recoveryId: `${twin.urls.vault}/deletedsecrets/${name}`,
    deletedDate: Math.floor(deletedAtMs / 1000),
    scheduledPurgeDate: Math.floor((deletedAtMs + RECOVERABLE_MS) / 1000),
    ...toItem(twin, name, latest(secret)),
  };
}
