import type { z } from 'zod';
import { hurtBy } from '../core/hurt.ts';
import { KeyturnError } from '../core/errors.ts';
import type { CredentialRecord, Policy } from '../core/nouns.ts';
import type { Ports } from '../ports.ts';
import { type Authorize, demandOperator } from './authorize.ts';
import type { Context } from './context.ts';
import { changeAndWake, findCredential, recordReader } from './credentials.ts';
import { remember } from './history.ts';
import { type Call, type Door, json, problem, readJson, type Reply } from './http.ts';
import { readInput } from './input.ts';
import {
  held,
  HOLD,
  RELEASE,
  released,
  REVOKE,
  revoking,
  ROTATE,
  rotating,
  slotToRevoke,
} from './operations.ts';
import { planReply } from './plan.ts';

/** A credential and the operator who asks. */
interface Asked {
  readonly ports: Ports;
  readonly policy: Policy;
  readonly record: CredentialRecord;
  readonly by: string;
  readonly call: Call;
}

type Operation = (asked: Asked) => Promise<Reply>;

const OPERATIONS: Readonly<Record<string, Operation>> = { rotate, hold, release, revoke };

/**
 * `POST /v1/operations/{id}/{operation}`: writes what an operator asks into the record, where the same reconcile finds it
 * which everything else uses. Answers 202 and where to look, or why not; `plan` changes nothing and answers 200.
 */
export function operateDoor(context: Context, authorize: Authorize): Door {
  const { ports } = context;
  return async (call) => {
    const configuration = await context.configuration();
    const principal = await authorize(call, configuration);
    demandOperator(principal);
    const { id = '', operation: name = '' } = call.params;
    const { policy, record } = await findCredential(id, configuration, recordReader(ports));
    if (policy === undefined) throw new KeyturnError('ERR_UNKNOWN', 'There is no such credential.');
    if (name === 'plan') return planReply(context, policy, record);
    const operation = Object.hasOwn(OPERATIONS, name) ? OPERATIONS[name] : undefined;
    if (operation === undefined) throw unknownOperation(name, policy);
    if (record === undefined) throw notSeenYet(policy);
    return operation({ ports, policy, record, by: principal.name, call });
  };
}

async function rotate(asked: Asked): Promise<Reply> {
  const { reason } = await input(ROTATE, asked);
  const request = { ask: 'rotate', reason, by: asked.by, atMs: asked.ports.nowMs() } as const;
  return change(asked, { event: 'rotate', reason }, (record) =>
    rotating(record, asked.policy, request),
  );
}

async function hold(asked: Asked): Promise<Reply> {
  const wanted = await input(HOLD, asked);
  const { ports, policy, by } = asked;
  return change(asked, { event: 'hold', reason: wanted.reason }, (record) =>
    held(record, policy, { ...wanted, by }, ports.nowMs()),
  );
}

async function release(asked: Asked): Promise<Reply> {
  await input(RELEASE, asked);
  return change(asked, { event: 'release' }, released);
}

/** Names who is hurt, and goes on only when the caller confirms how many they are. */
async function revoke(asked: Asked): Promise<Reply> {
  const { reason, slot: wanted, confirm, withoutNew } = await input(REVOKE, asked);
  const { ports, policy, record, by } = asked;
  const slot = slotToRevoke(record, wanted);
  const adoption = await ports.adoptions.list(policy.id);
  const hurt = hurtBy(slot, record, { policy, adoption }, ports.nowMs());
  if (confirm !== hurt.length) return askToConfirm(slot, hurt);
  const request = { ask: 'revoke', slot, withoutNew, reason, by, atMs: ports.nowMs() } as const;
  return change(asked, { event: 'revoke', reason: `${slot}: ${reason}` }, (latest) =>
    revoking(latest, policy, request),
  );
}

function askToConfirm(slot: string, hurt: readonly string[]): Reply {
  const names = hurt.length === 0 ? 'Nobody' : hurt.join(', ');
  const message = `${names} may run a version of ${slot}. Ask again with "confirm": ${hurt.length}.`;
  return problem(new KeyturnError('ERR_CONFIRMATION', message), {
    slot,
    hurt,
    confirm: hurt.length,
  });
}

async function input<T>(schema: z.ZodType<T>, { call }: Asked): Promise<T> {
  return readInput(schema, await readJson(call));
}

async function change(
  { ports, policy: { id }, by }: Asked,
  { event, reason }: { readonly event: string; readonly reason?: string },
  next: (record: CredentialRecord) => CredentialRecord,
): Promise<Reply> {
  await changeAndWake(ports, id, next);
  const why = reason === undefined ? '' : `: ${reason}`;
  await remember(ports, { credential: id, event, message: `asked by ${by}${why}` });
  const status = `/v1/status/${id}`;
  return json(202, { id, accepted: event, status }, { Location: status });
}

function unknownOperation(name: string, { kind }: Policy): KeyturnError {
  const known = ['plan', ...Object.keys(OPERATIONS)].join(', ');
  return new KeyturnError(
    'ERR_UNKNOWN',
    `There is no operation "${name.slice(0, 40)}" for a ${kind}; there are ${known}.`,
  );
}

function notSeenYet({ id }: Policy): KeyturnError {
  return new KeyturnError(
    'ERR_NOT_ALLOWED',
    `${id} was not looked at yet: wait for the next sweep, then ask again.`,
  );
}
