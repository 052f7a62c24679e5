import { HOUR, PRODUCTION, type EpochMs } from '../../../shared/core/limits.ts';
import type { Happening, History } from '../history.ts';
import { clearMs, hindrances } from '../periods.ts';
import { replay } from '../replay.ts';
import type { Violation } from './violation.ts';

/** So much undisturbed time is enough to renew, however many calls fail meanwhile. */
const RENEWS_WITHIN_MS = 12 * HOUR;

/** The last third of a life is for trying again, not for waiting: nothing else may come before a renewal. */
export function renewalsAreNotStarved(history: History): readonly Violation[] {
  const violations: Violation[] = [];
  const periods = hindrances(history);
  let current: { readonly fingerprint: string; readonly dueAtMs: EpochMs } | undefined;
  const judge = (atMs: EpochMs) => {
    if (current === undefined || atMs <= current.dueAtMs) return;
    if (clearMs([current.dueAtMs, atMs], periods) <= RENEWS_WITHIN_MS) return;
    violations.push({
      atMs,
      told: 'the current value was not renewed in the last third of its life',
    });
  };
  replay(history, (happening, { tokens, terms }) => {
    if (isTakenOverAfter(happening)) current = undefined;
    if (happening.what !== 'secret-set' || happening.by === 'person') return;
    const { atMs, fingerprint } = happening;
    if (fingerprint === current?.fingerprint) return;
    judge(atMs);
    const thirdMs = (terms?.lifetimeMs ?? 0) / 3;
    const expiryAtMs = tokens.get(fingerprint)?.expiryAtMs ?? atMs;
    const dueAtMs = Math.max(atMs, expiryAtMs - thirdMs + 2 * PRODUCTION.skewMs);
    current = { fingerprint, dueAtMs };
  });
  judge(history.endedAtMs);
  return violations;
}

/** What is current then is what a person left in Key Vault. */
function isTakenOverAfter(happening: Happening): boolean {
  return (
    happening.what === 'gateway' || (happening.what === 'terms' && !happening.terms.isConfigured)
  );
}
