import { removedConsumers, standings } from './adoption.ts';
import { isDeviating } from './checks/probe.ts';
import { heldUntilMs } from './checks/publish.ts';
import type { EpochMs } from './limits.ts';
import type { Adoption, CredentialRecord, Policy } from './nouns.ts';
import { renewalAtMs } from './schedule.ts';

/** Something wrong, or worth knowing, with one credential: a stable code, and what to do about it. */
export interface Finding {
  readonly code: string;
  /** `alert`: consumers are or will soon be hurt. `warn`: somebody should act. `info`: good to know. */
  readonly severity: 'alert' | 'warn' | 'info';
  readonly message: string;
  readonly remedy: string;
}

/** What is remembered of one credential, and read of its consumers. */
export interface Case {
  readonly record: CredentialRecord;
  readonly policy: Policy;
  readonly adoption: readonly Adoption[];
  readonly nowMs: EpochMs;
}

type Rule = (of: Case) => readonly Finding[] | Finding | undefined | false;

const RULES: readonly Rule[] = [
  deadCurrent,
  expiry,
  lateRenewal,
  setbacks,
  pendingRevoke,
  deviatingIssuer,
  repairs,
  closedCredential,
  missingConsumers,
  removed,
  laggards,
  hold,
  observeMode,
];

/** All findings, the worst first. */
export function findings(of: Case): readonly Finding[] {
  const rank = { alert: 0, warn: 1, info: 2 };
  return RULES.flatMap((rule) => rule(of) || []).toSorted(
    (left, right) => rank[left.severity] - rank[right.severity],
  );
}

function deadCurrent({ record }: Case) {
  if (record.probe?.result !== 'dead' || record.current === undefined) return undefined;
  return alert(
    'CURRENT_DEAD',
    `#${record.current.sequence} is no longer signed by the ${record.current.slot} key: pods which restart with it are refused.`,
    'Nothing, if a new version is published within minutes; find out who regenerated the key.',
  );
}

function expiry({ record, policy, nowMs }: Case) {
  if (record.current === undefined || record.closed !== undefined) return undefined;
  const leftMs = record.current.expiryAtMs - nowMs;
  if (leftMs > policy.lifetimeMs / 10) return undefined;
  const text =
    leftMs <= 0 ? 'has expired' : `expires ${new Date(record.current.expiryAtMs).toISOString()}`;
  return alert(
    leftMs <= 0 ? 'EXPIRED' : 'EXPIRES_SOON',
    `#${record.current.sequence} ${text} and has no successor.`,
    'See the setbacks of this credential for what keeps the renewal back.',
  );
}

function lateRenewal({ record, policy, nowMs }: Case) {
  const { current } = record;
  if (current === undefined || record.closed !== undefined || policy.mode === 'observe')
    return undefined;
  const dueAtMs = Math.max(renewalAtMs(current, policy), heldUntilMs(record, policy));
  if (nowMs < dueAtMs + policy.lifetimeMs / 20) return undefined;
  return warn(
    'RENEWAL_LATE',
    `A new version has been due since ${new Date(dueAtMs).toISOString()}.`,
    'See the setbacks of this credential, and whether sweeps run.',
  );
}

function setbacks({ record }: Case): readonly Finding[] {
  return record.setbacks.map(({ step, slot, code, remedy, blocked, count }) => ({
    code,
    severity: blocked ? 'alert' : count > 2 ? 'warn' : 'info',
    message: `${step}${slot && ` on ${slot}`} failed ${count === 1 ? 'once' : `${count} times in a row`}.`,
    remedy,
  }));
}

function pendingRevoke({ record: { request } }: Case) {
  if (request?.ask !== 'revoke') return undefined;
  return alert(
    'REVOKE_PENDING',
    `${request.by} asked to revoke ${request.slot}: ${request.reason}`,
    'If no new version can be published, ask again with withoutNew.',
  );
}

function deviatingIssuer({ record }: Case) {
  return (
    isDeviating(record) &&
    warn(
      'ISSUER_DEVIATES',
      'The issuer gave different values for one minute more than once, so that a value cannot be recognised.',
      'Only expiry retires now. Report it to the maintainers.',
    )
  );
}

function repairs({ record, policy, nowMs }: Case) {
  const recent = record.repairsAtMs.filter((atMs) => atMs > nowMs - policy.limits.repairWindowMs);
  if (recent.length === 0) return undefined;
  return warn(
    'SECRET_REPAIRED',
    `Somebody wrote into the secret, disabled or deleted it; it was repaired ${recent.length} times lately.`,
    'Find who does and stop them: after three repairs a day the credential is blocked.',
  );
}

function closedCredential({ record: { closed } }: Case) {
  if (closed === undefined) return undefined;
  return closed.reason === 'issuer-gone'
    ? warn(
        'GATEWAY_GONE',
        'The gateway does not exist any more.',
        'Take its entry out of the configuration, or create it again.',
      )
    : info(
        'NOT_CONFIGURED',
        'The configuration does not name it any more.',
        'Nothing; its history is kept for 400 days.',
      );
}

function missingConsumers({ policy: { missingConsumers: missing } }: Case) {
  if (missing.length === 0) return undefined;
  return warn(
    'CONSUMER_NOT_CONFIGURED',
    `Nobody can pull it as ${missing.join(', ')}.`,
    'Add the consumer to the configuration, or name another one for the gateway.',
  );
}

/** As long as the last version it can have had may be alive. */
function removed({ policy, adoption, nowMs }: Case): readonly Finding[] {
  const lately = removedConsumers(policy, adoption).filter(
    ({ seenAtMs }) => nowMs < seenAtMs + policy.limits.maxTokenLifeMs,
  );
  return lately.map(({ consumer }) =>
    info(
      'CONSUMER_REMOVED',
      `${consumer} had a version and is no longer configured; it does not count for adoption any more.`,
      'Nothing, if that is meant.',
    ),
  );
}

/** Only where somebody waits for them: the overlap is over and the previous slot still stands. */
function laggards(of: Case) {
  const { record, policy, adoption, nowMs } = of;
  if (policy.retire.when !== 'adopted' || record.current === undefined) return undefined;
  const { overlapMs } = policy.retire;
  const overdue = record.slots.some(
    ({ supersededAtMs = Infinity, maxExpiryAtMs }) =>
      maxExpiryAtMs > 0 && nowMs > supersededAtMs + overlapMs,
  );
  const lagging = standings(record, policy, adoption, nowMs).filter(
    ({ state }) => state === 'lagging' || state === 'unseen',
  );
  if (!overdue || lagging.length === 0) return undefined;
  return warn(
    'CONSUMER_LAGS',
    `Not proved to run #${record.current.sequence}: ${lagging.map(({ consumer }) => consumer).join(', ')}.`,
    'Restart its gateways, or let the previous version expire.',
  );
}

function hold({ record, policy, nowMs }: Case) {
  if (record.hold === undefined || heldUntilMs(record, policy) <= nowMs) return undefined;
  const until = new Date(heldUntilMs(record, policy)).toISOString();
  return info(
    'HELD',
    `Held until ${until} by ${record.hold.by}: ${record.hold.reason}`,
    'Release it when it may go on.',
  );
}

function observeMode({ policy }: Case) {
  return (
    policy.mode === 'observe' &&
    info(
      'OBSERVE_MODE',
      'Everything is planned and nothing is changed.',
      'Set `mode: rotate` when the plans look right.',
    )
  );
}

function alert(code: string, message: string, remedy: string): Finding {
  return { code, severity: 'alert', message, remedy };
}

function warn(code: string, message: string, remedy: string): Finding {
  return { code, severity: 'warn', message, remedy };
}

function info(code: string, message: string, remedy: string): Finding {
  return { code, severity: 'info', message, remedy };
}
