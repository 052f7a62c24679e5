/**
 * Each rule of the protocol switched off, in one place of the code at a time. `npm run prove` applies each to a copy and
 * expects the rule's own test to go red; the simulation may use them too.
 */
export interface Mutant {
  readonly rule: number;
  readonly without: string;
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly find: string;
  readonly put: string;
}

const ADOPTION = 'shared/core/adoption.ts';
const DECIDE = 'shared/core/decide.ts';
const IDENTIFY = 'shared/core/checks/identify.ts';
const LIMITS = 'shared/core/limits.ts';
const OPINIONS = 'shared/core/checks/opinions.ts';
const PUBLISH = 'shared/core/checks/publish.ts';
const RETIRE = 'shared/core/checks/retire.ts';
const VAULT = 'shared/core/checks/vault.ts';
const KINDS = 'shared/core/kinds.ts';
const SCHEDULE = 'shared/core/schedule.ts';
const SETBACKS = 'shared/core/setbacks.ts';
const TRANSITIONS = 'shared/core/transitions.ts';
const ACTS = 'shared/engine/acts.ts';
const RECONCILE = 'shared/engine/reconcile.ts';
const SWEEP = 'shared/engine/sweep.ts';

type Row = readonly [without: string, file: string, find: string, put: string];

/** The order of rule 8, with two neighbours exchanged; the third tells the list from the imports. */
function exchanged(first: string, second: string, third: string): Row {
  const lines = (...names: readonly string[]) => names.map((name) => `  ${name},\n`).join('');
  const without = `${first} before ${second}`;
  return [without, DECIDE, lines(first, second, third), lines(second, first, third)];
}

const ROWS: Readonly<Record<number, readonly Row[]>> = {
  1: [
    [
      'used by the publish intent',
      TRANSITIONS,
      'const { retireDeadlineAtMs: _, retiredAtMs: _r, supersededAtMs: _s, ...used } = slot;',
      'const used = slot;',
    ],
    [
      'retiring by the retire intent',
      ACTS,
      `  await ledger.write(retireBooked(ledger.record, slot, deadlineAtMs));
  await ports.issuers[policy.kind].retire(policy, slot, deadlineAtMs);`,
      `  await ports.issuers[policy.kind].retire(policy, slot, deadlineAtMs);
  await ledger.write(retireBooked(ledger.record, slot, deadlineAtMs));`,
    ],
    [
      'dropping the attempt on a slot which retires',
      TRANSITIONS,
      '...(next && next.slot !== name && { next }),',
      '...(next && { next }),',
    ],
    [
      'a used slot staying used',
      KINDS,
      "state(other) === 'clean') return other.name",
      "state(other) !== 'settling') return other.name",
    ],
    [
      'the state on the slot, so that a repair can come between',
      TRANSITIONS,
      'slot.name === name ? change(slot) : slot',
      'change(slot)',
    ],
  ],
  2: [
    [
      'booking the expiry with the intent',
      TRANSITIONS,
      'maxExpiryAtMs: Math.max(slot.maxExpiryAtMs, attempt.expiryAtMs),',
      'maxExpiryAtMs: slot.maxExpiryAtMs,',
    ],
    [
      'the maximum of what was booked',
      TRANSITIONS,
      'maxExpiryAtMs: Math.max(slot.maxExpiryAtMs, attempt.expiryAtMs),',
      'maxExpiryAtMs: attempt.expiryAtMs,',
    ],
    [
      'advancing the sequence with the intent',
      TRANSITIONS,
      'sequence: Math.max(record.sequence + 1, attempt.sequence),',
      'sequence: record.sequence,',
    ],
    [
      'advancing the sequence for a repair',
      TRANSITIONS,
      'sequence: Math.max(record.sequence + 1, attempt.sequence),',
      'sequence: Math.max(record.sequence, attempt.sequence),',
    ],
    ['the reset by a retire result', TRANSITIONS, '    maxExpiryAtMs: 0,\n', ''],
  ],
  3: [
    ['strictly after', SCHEDULE, 'nowMs > landedAfterMs(', 'nowMs >= landedAfterMs('],
    [
      'twice the skew',
      LIMITS,
      'limits.flightMs + 2 * limits.skewMs',
      'limits.flightMs + limits.skewMs',
    ],
    ['the flight', LIMITS, 'deadlineAtMs + limits.flightMs + 2', 'deadlineAtMs + 2'],
    [
      'the latest of the deadlines',
      TRANSITIONS,
      'retireDeadlineAtMs: Math.max(slot.retireDeadlineAtMs ?? 0, deadlineAtMs),',
      'retireDeadlineAtMs: deadlineAtMs,',
    ],
  ],
  4: [
    [
      'the fence',
      RETIRE,
      'Math.max(fenceMs, Math.min(expiredMs, unusedMs))',
      'Math.min(expiredMs, unusedMs)',
    ],
    [
      'the last millisecond of the fence',
      RETIRE,
      'landedAfterMs(slot.publishDeadlineAtMs, policy.limits) + 1',
      'landedAfterMs(slot.publishDeadlineAtMs, policy.limits)',
    ],
    [
      'the latest of the deadlines',
      TRANSITIONS,
      'publishDeadlineAtMs: Math.max(slot.publishDeadlineAtMs ?? 0, deadlineAtMs),',
      'publishDeadlineAtMs: deadlineAtMs,',
    ],
  ],
  5: [
    [
      "the intent's deadline at the publish",
      ACTS,
      'ports.vault.publish(policy.id, content, deadlineAtMs)',
      'ports.vault.publish(policy.id, content, ports.nowMs() + policy.limits.deadlineMs)',
    ],
    [
      "the intent's deadline at the retire",
      ACTS,
      '.retire(policy, slot, deadlineAtMs)',
      '.retire(policy, slot, ports.nowMs() + policy.limits.deadlineMs)',
    ],
  ],
  6: [
    [
      'the margin',
      RETIRE,
      'slot.maxExpiryAtMs + policy.limits.expiryMarginMs + 1',
      'slot.maxExpiryAtMs + 1',
    ],
    [
      'the last millisecond of the margin',
      RETIRE,
      'slot.maxExpiryAtMs + policy.limits.expiryMarginMs + 1',
      'slot.maxExpiryAtMs + policy.limits.expiryMarginMs',
    ],
  ],
  7: [
    [
      'the wait for an unknown past',
      RETIRE,
      'return pastKnown ? 0 : ',
      'return pastKnown ? 0 : 0 * ',
    ],
    [
      'its margin',
      RETIRE,
      'limits.maxTokenLifeMs + limits.expiryMarginMs + 1',
      'limits.maxTokenLifeMs + 1',
    ],
    [
      'take-over where the store went back',
      IDENTIFY,
      'ownSequence(seen, nowMs) > record.sequence',
      'ownSequence(seen, nowMs) > Infinity',
    ],
    ['take-over as unknown past', TRANSITIONS, 'pastKnown: false', 'pastKnown: true'],
  ],
  8: [
    exchanged('intentIsLive', 'issuerIsGone', 'notYetIdentified'),
    exchanged('issuerIsGone', 'notYetIdentified', 'revokeIsAsked'),
    exchanged('notYetIdentified', 'revokeIsAsked', 'vaultIsNotReadable'),
    exchanged('revokeIsAsked', 'vaultIsNotReadable', 'currentIsDead'),
    exchanged('vaultIsNotReadable', 'currentIsDead', 'vaultIsNotOurs'),
    exchanged('currentIsDead', 'vaultIsNotOurs', 'retireIsUnfinished'),
    exchanged('vaultIsNotOurs', 'retireIsUnfinished', 'attemptIsUnfinished'),
    exchanged('retireIsUnfinished', 'attemptIsUnfinished', 'operatorAsked'),
    exchanged('attemptIsUnfinished', 'operatorAsked', 'renewalIsDue'),
    exchanged('operatorAsked', 'renewalIsDue', 'probeIsDue'),
    exchanged('renewalIsDue', 'probeIsDue', 'previousMayRetire'),
    [
      'the last millisecond of an intent',
      IDENTIFY,
      'nowMs > intent.deadlineAtMs',
      'nowMs >= intent.deadlineAtMs',
    ],
  ],
  9: [
    ['passing over', DECIDE, 'setback.untilMs <= nowMs', 'true'],
    [
      'the last millisecond of a setback',
      DECIDE,
      'setback.untilMs <= nowMs',
      'setback.untilMs < nowMs',
    ],
    ['one setback for each slot', DECIDE, ' && one.slot === slot', ''],
    ['growing', SETBACKS, '2 ** (count - 1)', '1'],
    ['the bound', SETBACKS, 'Math.min(maxSetbackMs, ', 'Math.min(Infinity, '],
    [
      'forgetting a setback when the step went well',
      SETBACKS,
      '({ step }) => !done.has(step)',
      '() => true',
    ],
  ],
  10: [
    [
      'a probe at once',
      TRANSITIONS,
      'const { next: _next, intent: _intent, probe: _probe, request, ...kept } = record;',
      'const { next: _next, intent: _intent, request, ...kept } = record;',
    ],
    [
      'a second probe of what is taken over',
      TRANSITIONS,
      '    publishDeadlineAtMs: nowMs + policy.limits.deadlineMs,\n',
      '',
    ],
    ['the second probe', SCHEDULE, 'probe.atMs <= landedMs ? landedMs + 1 : ', ''],
    [
      'its flight',
      SCHEDULE,
      'lastPublishDeadlineMs(record) + limits.flightMs',
      'lastPublishDeadlineMs(record)',
    ],
    [
      'dead intents',
      SCHEDULE,
      '...record.slots.map((slot)',
      '...record.slots.slice(0, 1).map((slot)',
    ],
    ['proof of life before a retire', RETIRE, '!isProvenAlive(record, policy, nowMs)', 'false'],
  ],
  11: [
    [
      'leaving the renewal where it was',
      TRANSITIONS,
      'repaired ? record.current.publishedAtMs : nowMs',
      'nowMs',
    ],
    [
      'leaving the overlap where it was',
      TRANSITIONS,
      'supersededAtMs: slot.supersededAtMs ?? nowMs',
      'supersededAtMs: nowMs',
    ],
    [
      'telling a repair from new bytes',
      ACTS,
      "cause === 'repair' && issued",
      "cause === 'first' && issued",
    ],
    [
      'respect for another installation',
      VAULT,
      'other === undefined || other === installation',
      'true',
    ],
    ['its name', VAULT, 'tagged by "${other}"', 'tagged'],
    ['the bound', LIMITS, 'MAX_REPAIRS = 3', 'MAX_REPAIRS = 4'],
    ['its third repair', LIMITS, 'MAX_REPAIRS = 3', 'MAX_REPAIRS = 2'],
    [
      'the end of the day',
      PUBLISH,
      'atMs > nowMs - policy.limits.repairWindowMs',
      'atMs >= nowMs - policy.limits.repairWindowMs',
    ],
    [
      'reading how it is written',
      VAULT,
      'vault.fingerprint === fingerprint &&\n    vault.formatted',
      'vault.fingerprint === fingerprint',
    ],
  ],
  12: [
    ['the same sequence for a repair', TRANSITIONS, 'repaired ?? nextSequence(', 'nextSequence('],
    [
      'the minute as a lower bound',
      SCHEDULE,
      'Math.max(last + 1, Math.floor(nowMs / MINUTE))',
      'last + 1',
    ],
    ['counting on within a minute', SCHEDULE, 'Math.max(last + 1, ', 'Math.max(last, '],
    [
      'the sequence as key',
      ADOPTION,
      'report.stored === sequence &&',
      'report.stored <= sequence &&',
    ],
  ],
  13: [
    [
      'the overlap',
      RETIRE,
      'const sinceMs = supersededAtMs + policy.retire.overlapMs;',
      'const sinceMs = supersededAtMs;',
    ],
    [
      'evidence at the end of the overlap',
      ADOPTION,
      'report.atMs >= claim.sinceMs',
      'report.atMs > claim.sinceMs',
    ],
    ['the stored value', ADOPTION, 'report.stored === sequence && ', ''],
    ['old pods', ADOPTION, ' && oldPods(report, sequence) === 0', ''],
    ['the last evidence', ADOPTION, 'fetchedLast && fetched.sequence !== claim.sequence', 'false'],
    [
      'forgetting a consumer which was taken out',
      ADOPTION,
      'return landedAfterMs(evidence.seenAtMs + EVIDENCE_EVERY, policy.limits);',
      'return Infinity;',
    ],
    ['no consumers, no proof', ADOPTION, ' || policy.consumers.length === 0', ''],
    ['consumers whom nobody configured', ADOPTION, 'policy.missingConsumers.length > 0 || ', ''],
    [
      'unseen consumers',
      ADOPTION,
      '    : Infinity;\n}\n\n/** The stored',
      '    : 0;\n}\n\n/** The stored',
    ],
  ],
  14: [
    ['recorded consumers', ADOPTION, '...configured, ...recorded', '...configured'],
    [
      'the time for which a configuration can be old',
      ADOPTION,
      'landedAfterMs(evidence.seenAtMs + EVIDENCE_EVERY, policy.limits)',
      'evidence.seenAtMs',
    ],
    [
      'a hand-out being no proof',
      ADOPTION,
      '    : Infinity;\n}\n\n/** The stored',
      '    : 0;\n}\n\n/** The stored',
    ],
  ],
  16: [
    [
      'the promise',
      ADOPTION,
      'const { restartWithinMs } = terms;',
      'const { restartWithinMs = 0 } = terms;',
    ],
    ['the longer overlap', ADOPTION, 'overlapMs <= restartWithinMs', 'overlapMs < restartWithinMs'],
    ['the restarts', ADOPTION, 'return sinceMs + restartWithinMs +', 'return sinceMs +'],
    [
      'evidence at the end of the overlap',
      ADOPTION,
      'fetchedLast && fetched.atMs >= claim.sinceMs',
      'fetchedLast',
    ],
    ['other versions', ADOPTION, 'fetchedLast && fetched.sequence !== claim.sequence', 'false'],
  ],
  17: [
    ['direct readers in `adopted`', ADOPTION, 'policy.directReaders || ', ''],
    ['direct readers in `after`', RETIRE, 'policy.directReaders ? Infinity : ', ''],
  ],
  18: [
    ['the earliest of all', DECIDE, 'if (opinion.untilMs < earliest.untilMs) ', ''],
    ['the bound of a day', DECIDE, 'untilMs: nowMs + policy.limits.maxIdleMs', 'untilMs: Infinity'],
    [
      'the bound where Azure says when',
      SETBACKS,
      'Math.min(retryAfterMs ?? 0, now.limits.maxIdleMs)',
      '(retryAfterMs ?? 0)',
    ],
    ['looking ahead where no slot is open', OPINIONS, '.filter((atMs) => atMs > nowMs)', ''],
    ['dropping early messages', RECONCILE, 'nowMs < record.dueAtMs', 'false'],
    ['credentials without a record', SWEEP, '...newOnes(policies, records), ', ''],
    [
      'closing what is no longer configured',
      RECONCILE,
      "closed(stored.value, 'not-configured', nowMs, nowMs)",
      'stored.value',
    ],
  ],
};

export const MUTANTS: readonly Mutant[] = Object.entries(ROWS).flatMap(([rule, rows]) =>
  rows.map(([without, file, find, put]) => ({ rule: Number(rule), without, file, find, put })),
);
