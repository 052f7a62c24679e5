import { randomUUID } from 'node:crypto';
import type { CoreInvocation, InvocationResponse, TypedData } from './core-module.ts';
import { hookContext, runHooks, type App, type AppFunction } from './load-app.ts';
import { describe, toError, type Log } from './log.ts';

export type TriggerMetadata = Readonly<Record<string, TypedData>>;

/** Runs a function once. A failure is logged here and thrown as an `Error`: the trigger decides what follows. */
export type Invoke = (
  target: AppFunction,
  input: TypedData,
  triggerMetadata?: TriggerMetadata,
) => Promise<InvocationResponse>;

const NO_METADATA: TriggerMetadata = {};

/** An invocation which takes longer than `timeoutMs` has failed; its code cannot be stopped and runs on. */
export function createInvoke(app: App, timeoutMs: number, log: Log): Invoke {
  return async (target, input, triggerMetadata = NO_METADATA) => {
    const invocation = toInvocation(target, { input, triggerMetadata, log });
    try {
      return await withTimeout(runInvocation(app, target, invocation), timeoutMs);
    } catch (thrown) {
      const error = toError(thrown);
      log('error', describe(error), originOf(invocation));
      throw error;
    }
  };
}

function toInvocation(
  { metadata, inputName }: AppFunction,
  call: { input: TypedData; triggerMetadata: TriggerMetadata; log: Log },
): CoreInvocation {
  const invocation: CoreInvocation = {
    invocationId: randomUUID(),
    metadata,
    request: {
      inputData: [{ name: inputName, data: call.input }],
      triggerMetadata: call.triggerMetadata,
    },
    log: (level, _category, message) => call.log(level, message, originOf(invocation)),
    state: undefined,
  };
  return invocation;
}

function originOf({ metadata, invocationId }: CoreInvocation) {
  return { function: metadata.name, invocationId };
}

/** The worker's sequence. Hooks may replace arguments, function, result and error, so each is read after them. */
async function runInvocation(
  app: App,
  target: AppFunction,
  invocation: CoreInvocation,
): Promise<InvocationResponse> {
  const model = app.model.getInvocationModel(invocation);
  const { context, inputs } = await model.getArguments();
  const shared = { ...hookContext(app), invocationContext: context };

  const before = { ...shared, inputs, functionCallback: target.callback };
  invocation.state = 'preInvocationHooks';
  await runHooks(app.hooks.preInvocation, before);
  invocation.state = undefined;

  const run = model.invokeFunction(context, before.inputs, before.functionCallback);
  const after = { ...shared, inputs: before.inputs, ...(await settle(run)) };
  invocation.state = 'postInvocationHooks';
  await runHooks(app.hooks.postInvocation, after);
  invocation.state = undefined;

  if (after.error !== undefined) throw after.error;
  return model.getResponse(context, after.result);
}

interface Outcome {
  readonly result: unknown;
  readonly error: Error | undefined;
}

async function settle(run: Promise<unknown>): Promise<Outcome> {
  try {
    return { result: await run, error: undefined };
  } catch (thrown) {
    return { result: undefined, error: toError(thrown) };
  }
}

async function withTimeout<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error(`timed out: host.json allows ${timeoutMs} ms`)),
    timeoutMs,
  );
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
