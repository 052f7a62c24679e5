import { hash } from 'node:crypto';
import type { Fingerprint } from './nouns.ts';

/** First 16 hex digits of the SHA-256 of a bare value: enough to tell values apart, useless to make one. */
export function fingerprintOf(bareValue: string): Fingerprint {
  return hash('sha256', bareValue, 'hex').slice(0, 16);
}
