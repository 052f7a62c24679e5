import { DAY, HOUR, PRODUCTION, type EpochMs } from '../../../shared/core/limits.ts';
import type { SlotName } from '../../../shared/core/nouns.ts';
import type { Happening, History } from '../history.ts';
import { isAlive, isRevoking, replay, type Scene } from '../replay.ts';
import type { Violation } from './violation.ts';

/** A look a day, evidence at least every 16 hours, four for pods which still restart, and for everything else. */
const RETIRES_WITHIN_MS = 2 * DAY;

/** A gateway which is back is found by the daily look. */
const TAKEN_OVER_WITHIN_MS = 26 * HOUR;

/** Keyturn kills no key whose tokens somebody may still use, unless it was asked to. */
export function nothingInUseIsRegenerated(history: History): readonly Violation[] {
  const violations: Violation[] = [];
  replay(history, (happening, scene) => {
    if (happening.what !== 'regenerated' || happening.by === 'person') return;
    if (isRevoking(scene, happening.atMs)) return;
    for (const user of usersOf(happening.slot, scene, happening.atMs)) {
      violations.push({
        atMs: happening.atMs,
        told: `${happening.slot} is regenerated, and ${user}`,
      });
    }
  });
  return violations;
}

/** Keyturn never publishes what it has killed itself: only a person's or a revoke's regenerate can be that late. */
export function nothingDeadIsPublished(history: History): readonly Violation[] {
  const violations: Violation[] = [];
  replay(history, (happening, scene) => {
    if (happening.what !== 'secret-set' || happening.by === 'person') return;
    const { fingerprint, atMs } = happening;
    const token = scene.tokens.get(fingerprint);
    const death = scene.deaths.get(`${token?.slot} ${token?.key}`);
    if (death?.by !== 'keyturn' || isRevoking(scene, atMs)) return;
    violations.push({ atMs, told: 'a value is published whose key was regenerated before' });
  });
  return violations;
}

/** Who relies on the slot's key, in words; without those who have no claim any more. */
function usersOf(slot: SlotName, scene: Scene, atMs: EpochMs): readonly string[] {
  const { published, stored, running } = scene;
  const lives = (fingerprint: string) => {
    const token = scene.tokens.get(fingerprint);
    const isLatePortal = token?.by === 'person' && token.mintedAtMs > scene.startedAtMs;
    return token?.slot === slot && !isLatePortal && isAlive(scene, fingerprint, atMs);
  };
  return [
    ...(published?.by === 'keyturn' && lives(published.fingerprint) ? ['Key Vault shows it'] : []),
    ...[...stored]
      .filter(
        ([consumer, { fingerprint }]) => lives(fingerprint) && counts(consumer, slot, scene, atMs),
      )
      .map(([consumer]) => `${consumer} has it stored`),
    ...[...running]
      .filter(
        ([, { consumer, fingerprint }]) =>
          lives(fingerprint) && counts(consumer, slot, scene, atMs),
      )
      .map(([pod]) => `${pod} runs on it`),
  ];
}

function counts(consumer: string, slot: SlotName, scene: Scene, atMs: EpochMs): boolean {
  if (consumer === 'somebody' || consumer === 'direct') return true;
  const { terms, supersededAtMs } = scene;
  if (!terms?.consumers.includes(consumer)) return false;
  if (terms.retire.when !== 'after') return true;
  return atMs - (supersededAtMs.get(slot) ?? atMs) < terms.retire.afterMs - 2 * PRODUCTION.skewMs;
}

/** What is known of a slot for the bound of its superseded key. */
interface Past {
  /** Since when a take-over may have made its past unknown; never where Keyturn regenerated it after that. */
  readonly unknownSinceMs: Map<SlotName, EpochMs>;
  /** Since when every consumer runs what is published. */
  adoptedSinceMs: EpochMs;
}

/** In calm a key which was left behind is regenerated when its time has come. */
export function supersededKeysDie(history: History): readonly Violation[] {
  const violations: Violation[] = [];
  const past: Past = { unknownSinceMs: new Map(), adoptedSinceMs: Infinity };
  const look = (scene: Scene, atMs: EpochMs) => {
    if (atMs < history.calmFromMs) return;
    for (const slot of scene.supersededAtMs.keys()) {
      const dueAtMs = Math.min(expiredAtMs(slot, scene, past), unusedAtMs(slot, scene, past));
      if (atMs <= Math.max(dueAtMs, history.calmFromMs) + RETIRES_WITHIN_MS) continue;
      violations.push({ atMs, told: `the superseded ${slot} key lives on` });
    }
  };
  const last = replay(history, (happening, scene) => {
    look(scene, happening.atMs);
    remember(past, happening, scene);
  });
  look(last, history.endedAtMs);
  return violations;
}

const SLOTS = ['primary', 'secondary'];

function remember(past: Past, happening: Happening, scene: Scene): void {
  const { what, atMs } = happening;
  const startsAnew = what === 'store-back' || what === 'gateway' || what === 'terms';
  if (startsAnew)
    for (const slot of SLOTS) past.unknownSinceMs.set(slot, atMs + TAKEN_OVER_WITHIN_MS);
  if (what === 'regenerated' && happening.by === 'keyturn')
    past.unknownSinceMs.delete(happening.slot);
  if (!isAdopted(scene)) past.adoptedSinceMs = Infinity;
  else if (past.adoptedSinceMs === Infinity) past.adoptedSinceMs = atMs;
}

function isAdopted({ published, terms, stored, running }: Scene): boolean {
  const consumers = terms?.consumers ?? [];
  const has = (value: { readonly fingerprint: string } | undefined) =>
    value?.fingerprint === published?.fingerprint;
  const pods = [...running.values()].filter(({ consumer }) => consumers.includes(consumer));
  return consumers.every((consumer) => has(stored.get(consumer))) && pods.every(has);
}

function knownFromMs(slot: SlotName, past: Past): EpochMs {
  const { maxTokenLifeMs } = PRODUCTION;
  return (past.unknownSinceMs.get(slot) ?? -Infinity) + maxTokenLifeMs;
}

function expiredAtMs(slot: SlotName, scene: Scene, past: Past): EpochMs {
  const expiries = [...scene.tokens.values()]
    .filter((token) => token.slot === slot && token.key === scene.keys.get(slot))
    .map(({ expiryAtMs }) => expiryAtMs);
  return Math.max(knownFromMs(slot, past), ...expiries) + PRODUCTION.expiryMarginMs;
}

/** When the policy's own word or proof allows it; never where there can be none. */
function unusedAtMs(slot: SlotName, scene: Scene, past: Past): EpochMs {
  const { terms } = scene;
  const knownAtMs = knownFromMs(slot, past) + PRODUCTION.expiryMarginMs;
  const supersededAtMs = Math.max(scene.supersededAtMs.get(slot) ?? Infinity, knownAtMs);
  if (terms === undefined || !terms.isProvable || terms.retire.when === 'expired') return Infinity;
  if (terms.retire.when === 'after') return supersededAtMs + terms.retire.afterMs;
  return Math.max(supersededAtMs + terms.retire.overlapMs, past.adoptedSinceMs);
}
