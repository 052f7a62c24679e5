import { randomBytes } from 'node:crypto';

export type Slot = 'primary' | 'secondary';

export interface GatewayKey {
  /** 64 random bytes in base64. */
  readonly value: string;
  /** Grows with each regeneration of the slot. */
  readonly version: number;
}

/** Both keys of a gateway which is born. */
export function newKeys(): Readonly<Record<Slot, GatewayKey>> {
  return { primary: newKey(1), secondary: newKey(1) };
}

export function newKey(version: number): GatewayKey {
  return { value: randomBytes(64).toString('base64'), version };
}
