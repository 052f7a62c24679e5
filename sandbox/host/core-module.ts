/**
 * The stand-in for `@azure/functions-core`, the module which exists only inside the Functions worker.
 * `@azure/functions` asks for it with `require`, so that is where it is answered, as the worker does.
 */
import Module from 'node:module';
import type { Log, LogLevel } from './log.ts';

const CORE_MODULE = '@azure/functions-core';

/** What an app says about one binding: the options of every kind of trigger which runs here. */
export interface Binding {
  readonly type: string;
  readonly direction: 'in' | 'out';
  readonly authLevel?: string;
  readonly methods?: readonly string[];
  readonly route?: string;
  readonly schedule?: string;
  readonly runOnStartup?: boolean;
  readonly useMonitor?: boolean;
  readonly queueName?: string;
  readonly connection?: string;
}

interface FunctionMetadata {
  readonly name: string;
  readonly bindings: Readonly<Record<string, Binding>>;
  readonly retryOptions?: object;
}

type FunctionCallback = (...args: unknown[]) => unknown;
export type HookCallback = (context: object) => unknown;

/** A value on its way between host and library; exactly one member is set. */
export interface TypedData {
  readonly string?: string;
  readonly json?: string;
  readonly http?: object;
}

/** What the library hands back for an HTTP function. */
export interface HttpResponseData {
  readonly statusCode: string;
  readonly headers: Record<string, string>;
  readonly cookies: readonly unknown[];
  readonly body?: { readonly bytes?: Uint8Array };
}

export interface InvocationResponse {
  readonly returnValue?: { readonly http?: HttpResponseData } | null;
}

/** One invocation as the library sees it. */
export interface CoreInvocation {
  readonly invocationId: string;
  readonly metadata: FunctionMetadata;
  readonly request: {
    readonly inputData: readonly { name: string; data: TypedData }[];
    readonly triggerMetadata: Readonly<Record<string, TypedData>>;
  };
  readonly log: (level: LogLevel, category: string, message: string) => void;
  state: 'preInvocationHooks' | 'postInvocationHooks' | undefined;
}

interface InvocationModel {
  getArguments(): Promise<{ context: object; inputs: unknown[] }>;
  invokeFunction(context: object, inputs: unknown[], callback: FunctionCallback): Promise<unknown>;
  getResponse(context: object, result: unknown): Promise<InvocationResponse>;
}

export interface ProgrammingModel {
  getCapabilities(capabilities: Record<string, string>): Promise<Record<string, string>>;
  getInvocationModel(invocation: CoreInvocation): InvocationModel;
}

export interface RegisteredFunction {
  readonly metadata: FunctionMetadata;
  readonly callback: FunctionCallback;
}

/** What an app registered, in order. `open` ends with the app's start. */
export interface Registrations {
  readonly functions: Map<string, RegisteredFunction>;
  readonly hooks: Readonly<Record<HookName, HookCallback[]>>;
  model?: ProgrammingModel;
  open: boolean;
}

const HOOK_NAMES = ['appStart', 'appTerminate', 'preInvocation', 'postInvocation'] as const;
export type HookName = (typeof HOOK_NAMES)[number];

/** Answers `require('@azure/functions-core')` in this process from now on. */
export function installCoreModule(log: Log): Registrations {
  const registrations: Registrations = {
    functions: new Map(),
    hooks: { appStart: [], appTerminate: [], preInvocation: [], postInvocation: [] },
    open: true,
  };
  const core = toCoreModule(registrations, log);
  Module.prototype.require = new Proxy(Module.prototype.require, {
    apply: (target, self, args: [string]) =>
      args[0] === CORE_MODULE ? core : Reflect.apply(target, self, args),
  });
  return registrations;
}

function toCoreModule(registrations: Registrations, log: Log): object {
  return {
    version: '3.0.0',
    hostVersion: '4.0.0',
    Disposable,
    registerFunction: (metadata: FunctionMetadata, callback: FunctionCallback) =>
      registerFunction(registrations, { metadata, callback }),
    registerHook: (name: string, callback: HookCallback) =>
      registerHook(registrations, name, callback),
    setProgrammingModel: (model: ProgrammingModel) => (registrations.model = model),
    getProgrammingModel: () => registrations.model,
    log: (level: LogLevel, _category: string, message: string) => log(level, message),
  };
}

function registerFunction(registrations: Registrations, added: RegisteredFunction): Disposable {
  const { name } = added.metadata;
  if (!registrations.open) throw new Error('A function can only be registered during app startup.');
  if (registrations.functions.has(name)) {
    throw new Error(`A function named "${name}" has already been registered.`);
  }
  registrations.functions.set(name, added);
  return new Disposable(() => registrations.functions.delete(name));
}

function registerHook(
  registrations: Registrations,
  name: string,
  callback: HookCallback,
): Disposable {
  const known = HOOK_NAMES.find((hook) => hook === name);
  if (known === undefined) throw new RangeError(`Unrecognized hook "${name}".`);
  const callbacks = registrations.hooks[known];
  callbacks.push(callback);
  return new Disposable(() => callbacks.splice(callbacks.indexOf(callback), 1));
}

class Disposable {
  readonly #undo: () => unknown;

  constructor(undo: () => unknown) {
    this.#undo = undo;
  }

  dispose(): void {
    this.#undo();
  }
}
