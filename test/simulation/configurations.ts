import { type Configuration, parseConfiguration } from '../../shared/engine/config.ts';
import type { DurationMs } from '../../shared/core/limits.ts';
import type { ConsumerTerms, Policy } from '../../shared/core/nouns.ts';
import type { Note } from './history.ts';
import { ID, type Plan } from './plan.ts';
import type { Scheduler } from './scheduler.ts';

/** What people can change in the configuration. */
export interface Wishes {
  readonly mode: 'rotate' | 'observe';
  readonly isConfigured: boolean;
  /** Consumers which are not in the file. */
  readonly removed: readonly string[];
}

/** The configuration file, of which an instance may have read an older version. */
export interface Configurations {
  readonly wishes: () => Wishes;
  change(wishes: Partial<Wishes>): void;
  /** The credential's, configured at the moment or not. */
  policy(): Policy;
  /** As an instance has it which read the file so long ago. */
  seen(agoMs: DurationMs): Configuration;
}

const TENANT = '11111111-2222-3333-4444-555555555555';

export function openConfigurations(plan: Plan, scheduler: Scheduler, note: Note): Configurations {
  let wishes: Wishes = { mode: 'rotate', isConfigured: true, removed: [] };
  const files: { readonly fromMs: number; readonly configuration: Configuration }[] = [];

  const policy = () => {
    const all = parseConfiguration(JSON.stringify(fileOf(plan, { ...wishes, isConfigured: true })));
    const [only] = all.policies;
    if (only === undefined) throw new RangeError('the plan has no credential');
    return only;
  };
  const publish = () => {
    const configuration = parseConfiguration(JSON.stringify(fileOf(plan, wishes)));
    files.push({ fromMs: scheduler.nowMs(), configuration });
    const resolved = policy();
    const { lifetimeMs, retire } = resolved;
    const consumers = resolved.consumers.map(({ id }) => id);
    const { mode, isConfigured } = wishes;
    const isProvable = !resolved.directReaders && resolved.consumers.every(isHeard(resolved));
    note({
      what: 'terms',
      terms: { mode, isConfigured, consumers, lifetimeMs, retire, isProvable },
    });
  };
  publish();

  return {
    wishes: () => wishes,
    policy,
    change(changed) {
      wishes = { ...wishes, ...changed };
      publish();
    },
    seen(agoMs) {
      const file = files.findLast(({ fromMs }) => fromMs <= scheduler.nowMs() - agoMs) ?? files[0];
      if (file === undefined) throw new RangeError('there is no configuration yet');
      return file.configuration;
    },
  };
}

/** One which promises restarts does not report: its ETag has to be enough. */
function isHeard({ retire }: Policy) {
  const overlapMs = retire.when === 'adopted' ? retire.overlapMs : Infinity;
  return ({ restartWithinMs = 0 }: ConsumerTerms) => restartWithinMs < overlapMs;
}

function fileOf(plan: Plan, { mode, isConfigured, removed }: Wishes) {
  const pulling = plan.consumers.filter(
    ({ id, reads }) => reads === 'pull' && !removed.includes(id),
  );
  return {
    mode,
    vault: 'https://kv-contoso.vault.azure.net',
    identity: { audiences: ['api://keyturn.contoso.com'], tenant: TENANT },
    consumers: pulling.map(({ id, restartWithinMs }) => ({
      id,
      issuer: `https://oidc.example/${id}`,
      subject: ID,
      ...(restartWithinMs && { restartWithin: `PT${restartWithinMs / 60_000}M` }),
    })),
    gatewayTokens: isConfigured ? [{ ...plan.entry, consumers: pulling.map(({ id }) => id) }] : [],
  };
}
