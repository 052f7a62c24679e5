import type { Invoke } from './invoke.ts';
import type { AppFunction } from './load-app.ts';

/** A request to `/runtime/webhooks/EventGrid`. */
export interface WebhookCall {
  readonly functionName: string;
  /** Header `aeg-event-type`. */
  readonly kind: string | string[] | undefined;
  readonly body: string;
}

export interface WebhookAnswer {
  readonly status: number;
  readonly text?: string;
}

/** Answers Event Grid as the extension of the real host does (docs/azure-facts.md, Functions). */
export async function answerWebhook(
  subscribers: readonly AppFunction[],
  invoke: Invoke,
  { functionName, kind, body }: WebhookCall,
): Promise<WebhookAnswer> {
  const target = subscribers.find(({ name }) => name === functionName);
  if (!target) return { status: 404, text: `cannot find function: '${functionName}'` };
  if (kind === 'SubscriptionValidation') return { status: 200, text: shakeHands(body) };
  if (kind === 'Notification') return dispatch(target, invoke, JSON.parse(body));
  return { status: kind === 'Unsubscribe' ? 202 : 400 };
}

/** In a CloudEvent `data` is a string which holds JSON. */
function shakeHands(body: string): string {
  const [event] = [JSON.parse(body)].flat();
  const data = typeof event.data === 'string' ? JSON.parse(event.data) : event.data;
  return JSON.stringify({ validationResponse: data.validationCode });
}

/** One failure fails the whole delivery, and Event Grid sends all of it again. */
async function dispatch(
  target: AppFunction,
  invoke: Invoke,
  payload: unknown,
): Promise<WebhookAnswer> {
  const runs = [payload].flat().map((event) => invoke(target, { json: JSON.stringify(event) }));
  const failed = (await Promise.allSettled(runs)).find((run) => run.status === 'rejected');
  return failed ? { status: 500, text: (failed.reason as Error).message } : { status: 202 };
}
