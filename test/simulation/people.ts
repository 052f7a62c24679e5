import { formatted } from '../../shared/core/gateway-token.ts';
import { DAY, HOUR, MINUTE } from '../../shared/core/limits.ts';
import type { Principal } from '../../shared/engine/authorize.ts';
import type { Azure } from './azure.ts';
import type { Configurations } from './configurations.ts';
import type { Dice } from './dice.ts';
import type { Front } from './front.ts';
import type { Note } from './history.ts';
import type { Plan } from './plan.ts';
import type { Scheduler } from './scheduler.ts';
import type { Records } from './stores.ts';

export interface PeopleParts {
  readonly plan: Plan;
  readonly scheduler: Scheduler;
  readonly dice: Dice;
  readonly note: Note;
  readonly azure: Azure;
  readonly front: Front;
  readonly configurations: Configurations;
  readonly records: Records;
}

const OPERATOR: Principal = { roles: ['operator'], name: 'ana' };

type Act = (parts: PeopleParts) => unknown;

/** What people do, in the words of the story; the more often it stands here, the more often they do it. */
const ACTS: readonly (readonly [did: string, act: Act])[] = [
  ['regenerates a key in the portal', regenerate],
  ['regenerates a key in the portal', regenerate],
  ['writes into the secret', overwrite],
  ['writes into the secret', overwrite],
  ['disables the latest version', ({ azure }) => azure.latest() !== undefined && azure.disable()],
  ['deletes the secret', ({ azure }) => azure.latest() !== undefined && azure.deleteSecret()],
  ['regenerates a key and writes a token of it into the secret', mendByHand],
  ['asks for a new version', rotate],
  ['asks for a new version', rotate],
  ['revokes', revoke],
  ['holds', hold],
  ['releases', (parts) => operate(parts, 'release', {})],
  ['takes a consumer out for a while', removeConsumer],
  ['only observes for a while', (parts) => change(parts, { mode: 'observe' }, { mode: 'rotate' })],
  [
    'forgets the credential',
    (parts) => change(parts, { isConfigured: false }, { isConfigured: true }),
  ],
  ['deletes the gateway', deleteGateway],
  ['kills the record store', killStore],
  ['kills the record store', killStore],
];

export interface People {
  /** A key was just regenerated: some cannot wait to see a token on it. */
  react(): void;
}

/** People act until the calm begins; then they mend what they left and go home. */
export function startPeople(parts: PeopleParts): People {
  const { plan, scheduler, dice, note } = parts;
  const acts = dice.some(ACTS);
  const act = async () => {
    if (scheduler.nowMs() >= plan.calmFromMs || !parts.azure.exists()) return;
    const [did, something] = dice.pick(acts);
    note({ what: 'person', did });
    await something(parts);
  };
  const goOn = () => {
    scheduler.after(dice.waitMs(plan.personEveryMs), goOn);
    return act();
  };
  scheduler.after(dice.waitMs(plan.personEveryMs), goOn);
  scheduler.at(plan.calmFromMs + MINUTE, async () => {
    note({ what: 'person', did: 'goes home; faults end' });
    await operate(parts, 'release', {});
  });
  return {
    react() {
      if (!dice.chance(0.5) || scheduler.nowMs() >= plan.calmFromMs) return;
      for (const wishAgain of [true, dice.chance(0.5), dice.chance(0.5)]) {
        if (wishAgain) scheduler.after(dice.between(MINUTE, HOUR), () => rotate(parts));
      }
    },
  };
}

function regenerate({ azure, dice }: PeopleParts): void {
  azure.regenerate(dice.pick(['primary', 'secondary']));
}

function overwrite({ azure, dice, plan, scheduler }: PeopleParts): void {
  if (dice.chance(0.5)) return azure.overwrite('hunter2');
  const expiryAtMs = scheduler.nowMs() + dice.between(HOUR, 29 * DAY);
  const bare = azure.mint(dice.pick(['primary', 'secondary']), expiryAtMs);
  azure.overwrite(formatted(bare, plan.entry['format'] === 'raw' ? 'raw' : 'gateway-key'));
}

function mendByHand({ azure, dice, scheduler }: PeopleParts): void {
  const slot = dice.pick(['primary', 'secondary']);
  azure.regenerate(slot);
  azure.overwrite(formatted(azure.mint(slot, scheduler.nowMs() + 29 * DAY), 'gateway-key'));
}

function rotate(parts: PeopleParts) {
  return operate(parts, 'rotate', { reason: 'a drill' });
}

function operate({ front }: PeopleParts, operation: string, body: object) {
  return front.ask({ door: 'operate', by: OPERATOR, operation, body });
}

/** Asks how many are hurt and confirms it. What was answered with a fault may have been written. */
async function revoke(parts: PeopleParts): Promise<void> {
  const slot = parts.dice.pick(['primary', 'secondary']);
  const body = { reason: 'leaked', slot, withoutNew: parts.dice.chance(0.2) };
  const asked = await operate(parts, 'revoke', body);
  const { confirm } = JSON.parse(asked?.body ?? '{}') as { confirm?: number };
  if (confirm === undefined) return;
  parts.note({ what: 'revoke-asked', slot });
  await operate(parts, 'revoke', { ...body, confirm });
}

async function hold(parts: PeopleParts): Promise<void> {
  const forMs = parts.dice.scaled(HOUR, 20 * DAY);
  const body = { reason: 'a freeze', for: `PT${Math.round(forMs / MINUTE)}M` };
  const reply = await operate(parts, 'hold', body);
  if (reply?.status !== 202) return;
  parts.note({ what: 'held', untilMs: parts.scheduler.nowMs() + forMs });
}

function removeConsumer(parts: PeopleParts): void {
  const { id } = parts.dice.pick(parts.plan.consumers.filter(({ reads }) => reads === 'pull'));
  change(parts, { removed: [id] }, { removed: [] });
}

type Wish = Parameters<Configurations['change']>[0];

function change(
  { configurations, scheduler, dice, plan }: PeopleParts,
  to: Wish,
  back: Wish,
): void {
  configurations.change(to);
  const lastsMs = dice.scaled(10 * MINUTE, 5 * DAY);
  const untilMs = Math.min(plan.calmFromMs, scheduler.nowMs() + lastsMs);
  scheduler.at(untilMs, () => configurations.change(back));
}

function deleteGateway({ azure, scheduler, dice, plan }: PeopleParts): void {
  azure.deleteGateway();
  const untilMs = scheduler.nowMs() + dice.scaled(HOUR, 3 * DAY);
  scheduler.at(Math.min(plan.calmFromMs, untilMs), azure.createGateway);
}

function killStore({ records, dice, note }: PeopleParts): void {
  const lostMs = dice.scaled(100, 10_000);
  records.goBack(lostMs);
  note({ what: 'store-back', lostMs });
}
