import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Seed } from '../contract.ts';
import { envelope, type GridEvent } from './events.ts';
import type { Twin } from './twin.ts';

type Subscription = Seed['subscriptions'][number];

const LOOK_EVERY_MS = 200;
const RESPONSE_TIMEOUT_MS = 30_000;
const LONGEST_HANDSHAKE_PAUSE_MS = 5000;

/** Azure's 10 s, 30 s, 1 min, 5 min and so on, shortened; after the last one the event is dropped. */
const PAUSES_MS = [500, 1000, 2000, 5000, 10_000, 20_000, 30_000, 60_000] as const;

/** At least once means sometimes twice. */
const DUPLICATE_EVERY = 5;

/**
 * Delivers pending events to every subscription, each event on its own and without any order. What
 * was not delivered when the twin died is delivered after its next start.
 */
export function startEventGrid(twin: Twin): void {
  const underWay = new Set<string>();
  const validations = twin.seed.subscriptions.map((subscription) => validate(twin, subscription));
  const deliver = newDelivery();
  const settle = async (event: GridEvent) => {
    await Promise.all(
      twin.seed.subscriptions.map(async (subscription, index) => {
        if (!subscription.eventTypes.includes(event.eventType)) return;
        await validations[index];
        await deliver(subscription, event);
      }),
    );
    twin.record('event grid', { kind: 'event-settled', id: event.id });
    underWay.delete(event.id);
  };
  const look = () => {
    for (const event of twin.state.pendingEvents.values()) {
      if (underWay.has(event.id)) continue;
      underWay.add(event.id);
      void settle(event);
    }
  };
  setInterval(look, LOOK_EVERY_MS).unref();
}

/** The handshake: ends when the host has answered the code. */
async function validate(twin: Twin, { url }: Subscription): Promise<void> {
  const validationCode = randomUUID();
  const event = {
    ...envelope(twin.serviceId, Date.now()),
    subject: '',
    eventType: 'Microsoft.EventGrid.SubscriptionValidationEvent',
    data: { validationCode, validationUrl: `${url}#${validationCode}` },
    dataVersion: '2',
  };
  for (let pauseMs = LOOK_EVERY_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_HANDSHAKE_PAUSE_MS)) {
    const answer = await post(url, 'SubscriptionValidation', event);
    if (answer?.status === 200 && answer.text.includes(validationCode)) return;
    await pause(pauseMs, undefined, { ref: false });
  }
}

function newDelivery() {
  let deliveries = 0;
  return async ({ url }: Subscription, event: GridEvent): Promise<void> => {
    if (!(await isDelivered(url, event))) return;
    deliveries += 1;
    if (deliveries % DUPLICATE_EVERY === 0) await post(url, 'Notification', event);
  };
}

/** False when it was tried in vain, or refused by one of the answers Event Grid takes for a no at once. */
async function isDelivered(url: string, event: GridEvent): Promise<boolean> {
  for (const pauseMs of PAUSES_MS) {
    const status = (await post(url, 'Notification', event))?.status ?? 0;
    if (status >= 200 && status <= 204) return true;
    if (status === 400 || status === 413) return false;
    await pause(pauseMs, undefined, { ref: false });
  }
  return false;
}

/** Nothing when nobody answers: like any other failure it is tried again. */
async function post(url: string, type: string, event: GridEvent) {
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json; charset=utf-8', 'aeg-event-type': type },
      body: JSON.stringify([event]),
      signal: AbortSignal.timeout(RESPONSE_TIMEOUT_MS),
    });
    return { status: answer.status, text: await answer.text() };
  } catch {
    return undefined;
  }
}
