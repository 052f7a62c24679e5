import { decide } from '../core/decide.ts';
import { KeyturnError } from '../core/errors.ts';
import { MAX_PARKED } from '../core/limits.ts';
import type { CredentialRecord, Decision, Setback, Step } from '../core/nouns.ts';
import { setBack, troubleOf } from '../core/setbacks.ts';
import { closed, deviated, recordFor, waited, withoutIntent } from '../core/transitions.ts';
import type { Message, Ports, Stored } from '../ports.ts';
import { act, type Run } from './acts.ts';
import type { Context } from './context.ts';
import { remember } from './history.ts';
import { leaveToSweep } from './leave-to-sweep.ts';
import { openLedger } from './ledger.ts';
import { observe } from './observe.ts';

type ReconcileMessage = Extract<Message, { reconcile: string }>;

/**
 * Observe, decide, act, record, forget: one step for one credential. Whoever asks, timer, event, operator or retry, gets
 * this. What goes wrong is recorded as a setback or left to the next sweep; only bugs are thrown.
 */
export function reconcile(context: Context, message: ReconcileMessage): Promise<void> {
  return leaveToSweep(context.ports.log, message.reconcile, () => reconcileOnce(context, message));
}

async function reconcileOnce(context: Context, message: ReconcileMessage): Promise<void> {
  const { ports } = context;
  const configuration = await context.configuration();
  const stored = await ports.records.read(message.reconcile);
  const policy = configuration.policyOf(message.reconcile, stored?.value.target ?? message.target);
  if (policy === undefined) return forgetUnconfigured(ports, message.reconcile, stored);
  const nowMs = ports.nowMs();
  const record = recordFor(policy, stored?.value, nowMs);
  if (nowMs < record.dueAtMs) return;
  const ledger = openLedger(ports.records, record, stored?.etag);
  const seen = await observe(context, policy, record);
  const run = { ports, installation: context.installation, policy, seen, ledger };
  await perform(run, decide(seen, policy, ports.nowMs()));
  await askAgain(ports, message, ledger.record);
}

async function forgetUnconfigured(
  ports: Ports,
  id: string,
  stored: Stored<CredentialRecord> | undefined,
): Promise<void> {
  if (stored === undefined) return ports.log('warn', `message dropped: nobody configured ${id}`);
  if (stored.value.closed !== undefined) return;
  const nowMs = ports.nowMs();
  await ports.records.write(closed(stored.value, 'not-configured', nowMs, nowMs), stored.etag);
  const message = 'no longer configured; nothing is done for it any more';
  await remember(ports, { credential: id, event: 'forget', message });
}

async function perform(run: Run, decision: Decision): Promise<void> {
  const { ledger, policy, ports } = run;
  if (decision.do === 'wait') return ledger.write(waited(ledger.record, decision.untilMs));
  if (decision.do === 'setback') {
    return recordSetback(run, { step: 'observe', slot: '' }, decision.trouble);
  }
  if (policy.mode === 'observe' && changesAzure(decision)) {
    ports.log('info', `${policy.id}: would ${decision.do}: ${decision.reason}`, {
      credential: policy.id,
    });
    return ledger.write(waited(ledger.record, ports.nowMs() + policy.limits.maxSetbackMs));
  }
  return carryOut(run, decision);
}

function changesAzure(step: Step): boolean {
  return step.do === 'publish' || step.do === 'retire';
}

async function carryOut(run: Run, step: Step): Promise<void> {
  const slot = 'slot' in step ? step.slot : '';
  try {
    const sentence = await act(run, step);
    await remember(run.ports, { credential: run.policy.id, event: step.do, message: sentence });
  } catch (error) {
    if (!(error instanceof KeyturnError) || error.remedy === 'crash') throw error;
    if (error.code === 'ERR_CONFLICT') throw error;
    await recordFailure(run, { step: step.do, slot }, error);
  }
}

/** A call which was refused is not in the air, so its intent holds nobody up; one whose fate is unknown is waited for. */
async function recordFailure(
  run: Run,
  step: Pick<Setback, 'step' | 'slot'>,
  error: KeyturnError,
): Promise<void> {
  const { ledger } = run;
  const known = error.remedy === 'reobserve' ? ledger.record : withoutIntent(ledger.record);
  const record = error.code === 'ERR_DEVIATION' ? deviated(known) : known;
  return recordSetback(run, step, troubleOf(error), record);
}

async function recordSetback(
  { ports, policy, ledger }: Run,
  step: Pick<Setback, 'step' | 'slot'>,
  trouble: ReturnType<typeof troubleOf>,
  record: CredentialRecord = ledger.record,
): Promise<void> {
  await ledger.write(
    setBack(record, step, trouble, { limits: policy.limits, nowMs: ports.nowMs() }),
  );
  const where = step.slot === '' ? step.step : `${step.step} on ${step.slot}`;
  const message = `${where}: ${trouble.code}. ${trouble.remedy}`;
  await remember(ports, { credential: policy.id, event: 'setback', message });
}

/** What follows soon gets a message of its own; what follows later is found by the sweep. */
async function askAgain(
  { queue, nowMs }: Ports,
  message: ReconcileMessage,
  record: CredentialRecord,
): Promise<void> {
  const delayMs = Math.max(0, record.dueAtMs - nowMs());
  if (record.closed !== undefined || delayMs > MAX_PARKED) return;
  await queue.put({ ...message, atMs: nowMs() }, delayMs);
}
