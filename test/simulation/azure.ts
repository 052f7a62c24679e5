import type { Dice } from './dice.ts';
import { type Gateway, openGateway } from './gateway.ts';
import type { Note } from './history.ts';
import type { Scheduler } from './scheduler.ts';
import { openSecret, type PublishedSecret } from './secret.ts';

/** API Management and Key Vault, who tell the history what really happened to them. Their clock is the true one. */
export type Azure = Gateway & PublishedSecret;

export function openAzure(scheduler: Scheduler, dice: Dice, note: Note): Azure {
  return { ...openGateway(scheduler, note), ...openSecret(scheduler, dice, note) };
}
