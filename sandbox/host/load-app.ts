import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  installCoreModule,
  type Binding,
  type HookCallback,
  type HookName,
  type ProgrammingModel,
  type RegisteredFunction,
  type Registrations,
} from './core-module.ts';
import type { Log } from './log.ts';

const TRIGGERS = ['httpTrigger', 'timerTrigger', 'queueTrigger', 'eventGridTrigger'] as const;
type TriggerType = (typeof TRIGGERS)[number];

export interface AppFunction extends RegisteredFunction {
  readonly name: string;
  readonly type: TriggerType;
  /** Name of the trigger's binding: the library finds its input by it. */
  readonly inputName: string;
  readonly trigger: Binding;
}

export interface App {
  readonly functions: readonly AppFunction[];
  readonly model: ProgrammingModel;
  readonly hooks: Readonly<Record<HookName, readonly HookCallback[]>>;
  /** Kept by the app's hooks for each other, for the life of the process. */
  readonly hookData: object;
}

/**
 * Loads the built app in `appDir` and starts it in the worker's order: main, `appStart` hooks, capabilities, and
 * no registration after that.
 * @throws when it registers nothing, or something which this host cannot run
 */
export async function loadApp(appDir: string, log: Log): Promise<App> {
  const registrations = installCoreModule(log);
  await import(pathToFileURL(join(appDir, await readMain(appDir))).href);
  const app = toApp(registrations);
  await runHooks(app.hooks.appStart, { ...hookContext(app), functionAppDirectory: appDir });
  await app.model.getCapabilities({});
  registrations.open = false;
  return app;
}

/** Hooks run one after the other, in the order of their registration. */
export async function runHooks(hooks: readonly HookCallback[], context: object): Promise<void> {
  for (const hook of hooks) await hook(context);
}

export function hookContext(app: App): { hookData: object; appHookData: object } {
  return { hookData: {}, appHookData: app.hookData };
}

async function readMain(appDir: string): Promise<string> {
  const file = join(appDir, 'package.json');
  const { main } = JSON.parse(await readFile(file, 'utf8')) as { main?: string };
  if (main === undefined) throw new Error(`${file}: "main" is missing`);
  return main;
}

function toApp({ functions, hooks, model }: Registrations): App {
  // The real host reports this as success, and nothing ever runs.
  if (functions.size === 0 || model === undefined) throw new Error('the app registers no function');
  return { functions: Array.from(functions.values(), toAppFunction), hooks, model, hookData: {} };
}

/** Reads the trigger of a function and refuses what would be ignored here but not at Azure. */
function toAppFunction({ metadata, callback }: RegisteredFunction): AppFunction {
  const { name, bindings, retryOptions } = metadata;
  const refuse = (what: string) => new Error(`function "${name}": ${what} is not supported here`);
  if (retryOptions) throw refuse('a retry policy');
  const [[inputName, trigger] = [], ...others] = Object.entries(bindings).filter(
    ([key, binding]) => !(key === '$return' && binding.type === 'http'),
  );
  const type = TRIGGERS.find((known) => known === trigger?.type);
  if (!inputName || !trigger || !type) throw refuse(`trigger ${trigger?.type}`);
  if (others.length > 0) throw refuse(`binding ${others[0]?.[1].type}`);
  return { name, type, inputName, trigger, metadata, callback };
}
