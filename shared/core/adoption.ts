import { EVIDENCE_EVERY, landedAfterMs, type EpochMs } from './limits.ts';
import type { Adoption, AdoptionReport, ConsumerTerms, CredentialRecord, Policy } from './nouns.ts';

/** What has to be proved: this version, by evidence not older than the end of the overlap. */
export interface Claim {
  readonly sequence: number;
  readonly sinceMs: EpochMs;
}

/**
 * The instant from which every consumer has proved to run the claimed version (rules 12 to 17), or
 * Infinity while only new evidence could prove it. No consumers, or one never seen, prove nothing.
 */
export function adoptedFromMs(
  claim: Claim,
  policy: Policy,
  adoption: readonly Adoption[],
): EpochMs {
  if (policy.directReaders || policy.missingConsumers.length > 0 || policy.consumers.length === 0) {
    return Infinity;
  }
  const byConsumer = new Map(adoption.map((evidence) => [evidence.consumer, evidence]));
  const configured = policy.consumers.map((terms) =>
    provedFromMs(claim, terms, policy, byConsumer.get(terms.id)),
  );
  const recorded = removedConsumers(policy, adoption).map((evidence) =>
    Math.min(
      provedFromMs(claim, { id: evidence.consumer }, policy, evidence),
      countsUntilMs(evidence, policy),
    ),
  );
  return Math.max(...configured, ...recorded);
}

/** Consumers which were handed a value and are not in the configuration (any more, or not yet in ours). */
export function removedConsumers(
  policy: Policy,
  adoption: readonly Adoption[],
): readonly Adoption[] {
  return adoption.filter(
    (evidence) => !policy.consumers.some(({ id }) => id === evidence.consumer),
  );
}

/**
 * A recorded consumer which we do not find configured may be one that a newer configuration knows: it counts as long
 * as it is heard, and as ours can be behind. Taken out, it cannot pull any more, and stops counting.
 */
function countsUntilMs(evidence: Adoption, policy: Policy): EpochMs {
  return landedAfterMs(evidence.seenAtMs + EVIDENCE_EVERY, policy.limits);
}

/** One consumer's proof. The last evidence wins, not the highest. */
export function provedFromMs(
  claim: Claim,
  terms: ConsumerTerms,
  policy: Policy,
  evidence: Adoption | undefined,
): EpochMs {
  const { report, fetched } = evidence ?? {};
  const fetchedLast = fetched !== undefined && fetched.atMs > (report?.atMs ?? -Infinity);
  if (fetchedLast && fetched.sequence !== claim.sequence) return Infinity;
  if (report !== undefined && report.atMs >= claim.sinceMs) {
    return runsOnly(report, claim.sequence) ? report.atMs : Infinity;
  }
  return fetchedLast && fetched.atMs >= claim.sinceMs
    ? restartedFromMs(fetched.sinceMs, terms, policy)
    : Infinity;
}

/** The stored value is the claimed one, and no pod is on any other (rule 13). */
function runsOnly(report: AdoptionReport, sequence: number): boolean {
  return report.stored === sequence && oldPods(report, sequence) === 0;
}

export function oldPods(report: AdoptionReport, sequence: number): number {
  return report.running
    .filter(({ version }) => version !== sequence)
    .reduce((sum, { pods }) => sum + pods, 0);
}

/**
 * Having a version is evidence of running it only where restarts are promised within the overlap (rule 16). One clock says
 * since when it has it and another that the time is over, so that their difference is waited for.
 */
function restartedFromMs(sinceMs: EpochMs, terms: ConsumerTerms, policy: Policy): EpochMs {
  const { restartWithinMs } = terms;
  const overlapMs = policy.retire.when === 'adopted' ? policy.retire.overlapMs : 0;
  if (restartWithinMs === undefined || overlapMs <= restartWithinMs) return Infinity;
  return sinceMs + restartWithinMs + 2 * policy.limits.skewMs;
}

export interface Standing {
  readonly consumer: string;
  readonly state: 'proved' | 'lagging' | 'unseen' | 'removed';
  readonly stored?: number;
  readonly pods: number;
  readonly oldPods: number;
  readonly seenAtMs?: EpochMs;
}

/** Who runs the current version and who lags, for `status` and for people. */
export function standings(
  record: CredentialRecord,
  policy: Policy,
  adoption: readonly Adoption[],
  nowMs: EpochMs,
): readonly Standing[] {
  const sequence = record.current?.sequence ?? 0;
  const claim = { sequence, sinceMs: record.current?.publishedAtMs ?? 0 };
  const configured = policy.consumers.map((terms) => {
    const evidence = adoption.find(({ consumer }) => consumer === terms.id);
    const proved = provedFromMs(claim, terms, policy, evidence) <= nowMs;
    const state = evidence === undefined ? 'unseen' : proved ? 'proved' : 'lagging';
    return standingOf(terms.id, state, sequence, evidence);
  });
  const removed = removedConsumers(policy, adoption).map((evidence) =>
    standingOf(evidence.consumer, 'removed', sequence, evidence),
  );
  return [...configured, ...removed];
}

function standingOf(
  consumer: string,
  state: Standing['state'],
  sequence: number,
  evidence: Adoption | undefined,
): Standing {
  const { report, seenAtMs } = evidence ?? {};
  return {
    consumer,
    state,
    ...(report && { stored: report.stored }),
    pods: report?.running.reduce((sum, { pods }) => sum + pods, 0) ?? 0,
    oldPods: report ? oldPods(report, sequence) : 0,
    ...(seenAtMs !== undefined && { seenAtMs }),
  };
}
