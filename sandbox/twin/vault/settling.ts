import type { Secret } from '../state.ts';
import type { Twin } from '../twin.ts';
import {
  beingDeleted,
  deletedButRecoverable,
  deletedSecretNotFound,
  secretNotFound,
} from './errors.ts';

/** Requests which still see the secret as it was, after a delete or a recover (docs/azure-facts.md, Key Vault). */
const POLLS = 3;

/**
 * A deleted secret is gone at once and shown as deleted only later; a recovered one the other way
 * round. In between it is in neither list. A restart of the twin ends that.
 */
export interface Settling {
  begin(name: string): void;
  requireLive(name: string): Secret;
  requireDeleted(name: string): Secret;
  /** As `requireDeleted`, for what changes it. */
  requireRecoverable(name: string): Secret;
  requireFreeName(name: string): void;
  has(name: string): boolean;
}

export function newSettling({ state }: Twin): Settling {
  const pollsLeft = new Map<string, number>();
  const stillSettles = (name: string) => {
    const left = pollsLeft.get(name) ?? 0;
    if (left <= 1) pollsLeft.delete(name);
    else pollsLeft.set(name, left - 1);
    return left > 0;
  };
  return {
    begin: (name) => void pollsLeft.set(name, POLLS),
    has: (name) => pollsLeft.has(name),
    requireLive: (name) => {
      const secret = state.secrets.get(name);
      const isLive = secret !== undefined && secret.deletedAtMs === undefined;
      if (!isLive || stillSettles(name)) throw secretNotFound(name);
      return secret;
    },
    requireDeleted: (name) => {
      const secret = state.secrets.get(name);
      if (secret?.deletedAtMs === undefined || stillSettles(name))
        throw deletedSecretNotFound(name);
      return secret;
    },
    requireRecoverable: (name) => {
      const secret = state.secrets.get(name);
      if (secret?.deletedAtMs === undefined) throw deletedSecretNotFound(name);
      if (stillSettles(name)) throw beingDeleted(name);
      return secret;
    },
    requireFreeName: (name) => {
      if (state.secrets.get(name)?.deletedAtMs === undefined) return;
      throw stillSettles(name) ? beingDeleted(name) : deletedButRecoverable(name);
    },
  };
}
