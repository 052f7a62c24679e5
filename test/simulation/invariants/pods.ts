import { DAY, HOUR, PRODUCTION } from '../../../shared/core/limits.ts';
import type { Happening, History } from '../history.ts';
import { clearMs, hindrances, type Period, silences } from '../periods.ts';
import { type Death, isAlive, replay, type Scene, type Token } from '../replay.ts';
import type { Violation } from './violation.ts';

/** So much undisturbed time renews a value, however many calls fail meanwhile. */
const RENEWAL_TAKES_MS = 12 * HOUR;

/** So much undisturbed time is enough for a consumer to pull. */
const PULL_TAKES_MS = 2 * DAY;

type Start = Extract<Happening, { what: 'pod-started' }>;

interface Refused {
  readonly start: Start;
  readonly token: Token;
  readonly death: Death | undefined;
  readonly scene: Scene;
  readonly history: History;
}

/** The reason for all of this: a pod which starts is let in. */
export function podsStartWithLiveValues(history: History): readonly Violation[] {
  const violations: Violation[] = [];
  replay(history, (start, scene) => {
    if (start.what !== 'pod-started' || isAlive(scene, start.fingerprint, start.atMs)) return;
    const token = scene.tokens.get(start.fingerprint);
    // What a person wrote reaches only those who read Key Vault themselves.
    if (token === undefined && isDirect(start)) return;
    if (token !== undefined) {
      const death = scene.deaths.get(`${token.slot} ${token.key}`);
      const refused = { start, token, death, scene, history };
      if (EXCUSES.some((excuse) => excuse(refused))) return;
    }
    violations.push({ atMs: start.atMs, told: `${start.pod} starts with a value that is refused` });
  });
  return violations;
}

const EXCUSES: readonly ((refused: Refused) => boolean)[] = [
  ({ scene }) => !scene.gatewayExists,
  ({ start, scene }) => !isDirect(start) && !isPuller(start, scene),
  ({ death }) => death !== undefined && death.by !== 'keyturn',
  ({ token, scene }) => token.by === 'person' && token.mintedAtMs > scene.startedAtMs,
  stayedBehind,
  couldNotBeRenewed,
  couldNotPull,
  wasTakenOut,
];

function isDirect({ consumer }: Start): boolean {
  return consumer === 'direct';
}

function isPuller({ consumer }: Start, { terms }: Scene): boolean {
  return terms?.consumers.includes(consumer) ?? false;
}

/** The operator's word was that nobody uses a value so long after its successor. */
function stayedBehind({ death, scene, start }: Refused): boolean {
  const { retire } = scene.terms ?? {};
  if (death?.supersededAtMs === undefined || retire?.when !== 'after') return false;
  if (isDirect(start)) return false;
  return death.atMs - death.supersededAtMs >= retire.afterMs - 2 * PRODUCTION.skewMs;
}

function couldNotBeRenewed({ token, death, scene, history }: Refused): boolean {
  if (death !== undefined && death.atMs < token.expiryAtMs) return false;
  const lifeMs = scene.terms?.lifetimeMs ?? 0;
  const fromMs = Math.max(scene.startedAtMs, token.expiryAtMs - lifeMs / 3);
  return clearMs([fromMs, token.expiryAtMs], hindrances(history)) < RENEWAL_TAKES_MS;
}

/** The successor was there, but not for this consumer. */
function couldNotPull({ token, death, start, scene, history }: Refused): boolean {
  if (death !== undefined && death.atMs < token.expiryAtMs) return false;
  const fromMs = successorAtMs(token, scene, history);
  if (fromMs === undefined) return false;
  const span: Period = [fromMs, start.atMs];
  return clearMs(span, silences(history, start.consumer)) < PULL_TAKES_MS;
}

/** The key was regenerated while the consumer was not configured; it is again, and has not pulled yet. */
function wasTakenOut({ death, start, scene, history }: Refused): boolean {
  const fromMs = scene.configuredFromMs.get(start.consumer);
  if (death === undefined || fromMs === undefined || fromMs < death.atMs) return false;
  return clearMs([fromMs, start.atMs], silences(history, start.consumer)) < PULL_TAKES_MS;
}

function successorAtMs(token: Token, { tokens }: Scene, { happenings }: History) {
  const expiryOf = (fingerprint: string) => tokens.get(fingerprint)?.expiryAtMs ?? 0;
  return happenings.find(
    (one) =>
      one.what === 'secret-set' &&
      one.atMs > token.mintedAtMs &&
      one.by === 'keyturn' &&
      expiryOf(one.fingerprint) > token.expiryAtMs,
  )?.atMs;
}
