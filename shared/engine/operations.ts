import { z } from 'zod';
import { sameName } from '../core/credential-id.ts';
import { KeyturnError } from '../core/errors.ts';
import type { EpochMs } from '../core/limits.ts';
import type { CredentialRecord, Policy, Request, SlotName } from '../core/nouns.ts';
import { DURATION, durationMs } from './duration.ts';

/** What operators may ask, and what the record becomes. Each throws ERR_NOT_ALLOWED with what to do instead. */

const reason = z.string('expected why, in a sentence').trim().min(1).max(500);

export const ROTATE = z.strictObject({ reason });

export const RELEASE = z.strictObject({});

export const HOLD = z
  .strictObject({
    reason,
    until: z.iso.datetime({ offset: true, error: 'expected an ISO 8601 instant' }).optional(),
    for: z.string().regex(DURATION, 'expected an ISO 8601 duration such as P2D').optional(),
  })
  .refine(
    (body) => (body.until === undefined) !== (body.for === undefined),
    'expected either until or for',
  );

export const REVOKE = z.strictObject({
  reason,
  slot: z.string().optional(),
  confirm: z.int().min(0).optional(),
  withoutNew: z.boolean().default(false),
});

/** A new request clears the setbacks: somebody has just mended what stood in the way, or thinks so. */
export function rotating(
  record: CredentialRecord,
  policy: Policy,
  request: Extract<Request, { ask: 'rotate' }>,
): CredentialRecord {
  demandOpen(record, policy);
  if (record.request !== undefined) throw pending(record.request);
  return { ...record, request, setbacks: [] };
}

/** A leak is more urgent than a pending rotate, and may be asked again with other words. */
export function revoking(
  record: CredentialRecord,
  policy: Policy,
  request: Extract<Request, { ask: 'revoke' }>,
): CredentialRecord {
  demandOpen(record, policy);
  const before = record.request;
  if (before?.ask === 'revoke' && before.slot !== request.slot) throw pending(before);
  return { ...record, request, setbacks: [] };
}

/** The slot which was named, else the current version's. @throws ERR_NOT_ALLOWED, ERR_INPUT */
export function slotToRevoke(record: CredentialRecord, wanted: SlotName | undefined): SlotName {
  const names = record.slots.map(({ name }) => name);
  if (names.length === 0) throw notAllowed('its slots are not known yet: see its status');
  const slot = wanted ?? record.current?.slot;
  if (slot === undefined) throw notAllowed('nothing was published yet: name the slot to revoke');
  if (names.includes(slot)) return slot;
  throw new KeyturnError('ERR_INPUT', `slot: expected ${names.join(' or ')}`);
}

export function held(
  record: CredentialRecord,
  { limits }: Policy,
  wanted: z.infer<typeof HOLD> & { readonly by: string },
  nowMs: EpochMs,
): CredentialRecord {
  const { current } = record;
  if (current === undefined)
    throw notAllowed('nothing was published yet: there is nothing to hold');
  const untilMs =
    wanted.for === undefined ? Date.parse(wanted.until ?? '') : nowMs + durationMs(wanted.for);
  const lastMs = current.expiryAtMs - limits.holdMarginMs;
  if (untilMs > nowMs && untilMs <= lastMs) {
    return { ...record, hold: { untilMs, reason: wanted.reason, by: wanted.by } };
  }
  throw notAllowed(
    lastMs <= nowMs
      ? 'the current version expires too soon to hold: rotate first'
      : `hold until a time from now to ${new Date(lastMs).toISOString()}, before which it must renew`,
  );
}

export function released({ hold: _, ...record }: CredentialRecord): CredentialRecord {
  return record;
}

function demandOpen(record: CredentialRecord, { mode, target }: Policy): void {
  const { closed } = record;
  if (!sameName(record.target, target)) {
    throw notAllowed(
      'the configuration names another gateway since it was last looked at: wait for the next sweep, then ask again',
    );
  }
  if (closed !== undefined) {
    throw notAllowed(
      'nothing is done for it any more: create its gateway again, or wait for the next sweep if that was done',
    );
  }
  if (mode === 'observe') {
    throw notAllowed('the configuration says mode: observe: set mode: rotate first');
  }
}

function pending({ ask, by, atMs }: Request): KeyturnError {
  const at = new Date(atMs).toISOString();
  return notAllowed(
    `a ${ask} asked by ${by} at ${at} is not done yet: wait for it, see its status`,
  );
}

function notAllowed(message: string): KeyturnError {
  return new KeyturnError('ERR_NOT_ALLOWED', message);
}
