import { bareToken, formatted } from './gateway-token.ts';
import { MINUTE, type EpochMs } from './limits.ts';
import type { CredentialRecord, Kind, Policy, Slot, SlotName } from './nouns.ts';
import { floorMinute, slotNamed, slotState } from './schedule.ts';

/** The pure rules in which kinds differ; everything else of the protocol is the same for all of them. */
export interface KindRules {
  /** Slots which exist before anything was issued. */
  readonly slots: readonly SlotName[];
  /** Where the next version is issued, or undefined while no slot can take it. */
  slotFor(record: CredentialRecord, policy: Policy, nowMs: EpochMs): SlotName | undefined;
  /** Where a revoke publishes: anywhere but the leaked slot and one that may die under it. */
  refugeFrom(
    leaked: SlotName,
    record: CredentialRecord,
    policy: Policy,
    nowMs: EpochMs,
  ): SlotName | undefined;
  /** Which expiry to ask for. */
  expiryFor(slot: SlotName, record: CredentialRecord, policy: Policy, nowMs: EpochMs): EpochMs;
  /** A bare value as consumers want it in Key Vault, and back. */
  written(bare: string, policy: Policy): string;
  bare(written: string): string;
  readonly contentType: string;
}

const GATEWAY_TOKEN: KindRules = {
  slots: ['primary', 'secondary'],

  /** The other slot if clean; else the same key again with a later expiry, so that a slow retire delays no renewal. */
  slotFor(record, policy, nowMs) {
    const state = (slot: Slot) => slotState(slot, policy.limits, nowMs);
    const own = record.current?.slot ?? 'primary';
    const other = record.slots.find((slot) => slot.name !== own);
    if (other !== undefined && state(other) === 'clean') return other.name;
    const usable = [slotNamed(record, own), other].find((slot) => slot && isOpen(state(slot)));
    return usable?.name;
  },

  /** Whatever the other slot was it will do, unless a retire of it is in the air; then the leaked one, once retired. */
  refugeFrom(leaked, record, policy, nowMs) {
    const open = (slot: Slot) => slotState(slot, policy.limits, nowMs) !== 'retiring';
    const other = record.slots.find((slot) => slot.name !== leaked && open(slot));
    const itself = record.slots.find(
      (slot) => slot.name === leaked && slot.retiredAtMs !== undefined,
    );
    return (other ?? itself)?.name;
  },

  /**
   * A whole minute, since Azure cuts to it. One key signs a minute only once: where the wanted minute is too near
   * the current one, the minute below is taken.
   */
  expiryFor(slot, record, policy, nowMs) {
    const wantedMs = floorMinute(nowMs + policy.lifetimeMs);
    const { current } = record;
    if (current === undefined || current.slot !== slot) return wantedMs;
    const near = Math.abs(wantedMs - current.expiryAtMs) < policy.limits.reuseGuardMs;
    return near ? current.expiryAtMs - MINUTE : wantedMs;
  },

  written: (bare, { format }) => formatted(bare, format),
  bare: bareToken,
  contentType: 'application/vnd.azure.api-management.gateway-token',
};

function isOpen(state: ReturnType<typeof slotState>): boolean {
  return state === 'used' || state === 'clean';
}

export const KINDS: Readonly<Record<Kind, KindRules>> = { 'gateway-token': GATEWAY_TOKEN };
