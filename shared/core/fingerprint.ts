import { createHash } from 'node:crypto';
import type { Fingerprint } from './nouns.ts';

/** First 16 hex digits of the SHA-256 of a bare value: enough to tell values apart, useless to make one. */
export function fingerprintOf(bareValue: string): Fingerprint {
  return createHash('sha256').update(bareValue).digest('hex').slice(0, 16);
}
