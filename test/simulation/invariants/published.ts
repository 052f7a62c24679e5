import { HOUR, type EpochMs } from '../../../shared/core/limits.ts';
import type { Event, History } from '../history.ts';
import { isAlive, replay, type Scene } from '../replay.ts';
import type { Violation } from './violation.ts';

/**
 * A key regenerated behind our backs is noticed by the daily probe, an overwritten secret by the daily look, and repairs
 * which came too often go on after a day. An hour for the longest setback, one for everything else.
 */
const HEALS_WITHIN_MS = 26 * HOUR;

/** After these Keyturn starts anew. */
const DISTURBANCES: readonly Event['what'][] = [
  'terms',
  'outage',
  'fault',
  'store-back',
  'person',
  'revoke-asked',
  'gateway',
  'secret-shows',
];

/** What Key Vault shows is alive, or soon again once nobody disturbs. */
export function publishedValueIsAlive(history: History): readonly Violation[] {
  const violations: Violation[] = [];
  let calmSinceMs = history.happenings[0]?.atMs ?? 0;
  let deadSinceMs: EpochMs | undefined;

  const look = (scene: Scene, atMs: EpochMs) => {
    const fingerprint = scene.published?.fingerprint;
    const expiryAtMs = scene.tokens.get(fingerprint ?? '')?.expiryAtMs ?? atMs;
    if (isAlive(scene, fingerprint, atMs)) deadSinceMs = undefined;
    else deadSinceMs ??= Math.min(atMs, expiryAtMs);
    if (isHindered(scene)) calmSinceMs = atMs;
    const sinceMs = Math.max(calmSinceMs, deadSinceMs ?? Infinity);
    if (atMs - sinceMs <= HEALS_WITHIN_MS) return;
    violations.push({ atMs, told: 'the published value stays dead' });
  };
  const last = replay(history, (happening, scene) => {
    look(scene, happening.atMs);
    if (DISTURBANCES.includes(happening.what)) calmSinceMs = happening.atMs;
  });
  look(last, history.endedAtMs);
  return violations;
}

function isHindered({ out, terms, gatewayExists }: Scene): boolean {
  const isAsleep = terms?.mode === 'observe' || terms?.isConfigured === false;
  return out.size > 0 || isAsleep || !gatewayExists;
}
