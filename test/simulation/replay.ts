import type { EpochMs } from '../../shared/core/limits.ts';
import type { SlotName } from '../../shared/core/nouns.ts';
import type { Event, Happening, History, Place, Terms } from './history.ts';

export interface Token {
  readonly by: 'keyturn' | 'person';
  readonly slot: SlotName;
  readonly key: number;
  readonly mintedAtMs: EpochMs;
  readonly expiryAtMs: EpochMs;
}

/** How a slot's key ended. */
export interface Death {
  readonly atMs: EpochMs;
  readonly by: 'keyturn' | 'person' | 'revoke';
  /** First publish on the other slot before. */
  readonly supersededAtMs: EpochMs | undefined;
}

/** The world at one moment of a history. */
export interface Scene {
  readonly startedAtMs: EpochMs;
  terms: Terms | undefined;
  gatewayExists: boolean;
  /** What Key Vault shows, if it shows anything. */
  published: { readonly fingerprint: string; readonly by: 'keyturn' | 'person' } | undefined;
  readonly everPublished: Set<string>;
  readonly keys: Map<SlotName, number>;
  readonly tokens: Map<string, Token>;
  /** By slot and key, for instance `primary 2`. */
  readonly deaths: Map<string, Death>;
  readonly stored: Map<string, { readonly sequence: number; readonly fingerprint: string }>;
  readonly running: Map<string, { readonly consumer: string; readonly fingerprint: string }>;
  readonly supersededAtMs: Map<SlotName, EpochMs>;
  readonly revokes: { slot: SlotName; askedAtMs: EpochMs; doneAtMs?: EpochMs }[];
  readonly out: Set<Place>;
  /** Since when a consumer stands in the configuration. */
  readonly configuredFromMs: Map<string, EpochMs>;
}

/** Goes through a history; `visit` sees each happening and the world just before it. */
export function replay(
  { happenings }: History,
  visit: (happening: Happening, scene: Scene) => void,
): Scene {
  const scene = emptyScene(happenings[0]?.atMs ?? 0);
  for (const happening of happenings) {
    visit(happening, scene);
    const change: (scene: Scene, event: never, atMs: EpochMs) => void =
      CHANGES[happening.what] ?? (() => {});
    change(scene, happening as never, happening.atMs);
  }
  return scene;
}

/** Would API Management let a gateway in which starts with this value? */
export function isAlive(scene: Scene, fingerprint: string | undefined, atMs: EpochMs): boolean {
  const token = scene.tokens.get(fingerprint ?? '');
  if (token === undefined || !scene.gatewayExists) return false;
  return token.expiryAtMs > atMs && scene.keys.get(token.slot) === token.key;
}

/** From the ask until an hour after the key was regenerated for it, since a second regenerate may be in the air. */
export function isRevoking({ revokes }: Scene, atMs: EpochMs): boolean {
  return revokes.some(({ doneAtMs = Infinity }) => atMs <= doneAtMs + REVOKE_ECHO_MS);
}

const REVOKE_ECHO_MS = 3_600_000;

function emptyScene(startedAtMs: EpochMs): Scene {
  return {
    startedAtMs,
    terms: undefined,
    gatewayExists: false,
    published: undefined,
    everPublished: new Set(),
    keys: new Map([
      ['primary', 1],
      ['secondary', 1],
    ]),
    tokens: new Map(),
    deaths: new Map(),
    stored: new Map(),
    running: new Map(),
    supersededAtMs: new Map(),
    revokes: [],
    out: new Set(),
    configuredFromMs: new Map(),
  };
}

type Changes = {
  readonly [What in Event['what']]?: (
    scene: Scene,
    event: Extract<Event, { what: What }>,
    atMs: EpochMs,
  ) => void;
};

const CHANGES: Changes = {
  terms(scene, { terms }, atMs) {
    scene.terms = terms;
    for (const consumer of scene.configuredFromMs.keys()) {
      if (!terms.consumers.includes(consumer)) scene.configuredFromMs.delete(consumer);
    }
    for (const consumer of terms.consumers) {
      if (!scene.configuredFromMs.has(consumer)) scene.configuredFromMs.set(consumer, atMs);
    }
  },
  gateway: (scene, { exists }) => void (scene.gatewayExists = exists),
  outage(scene, { place, isOver }) {
    if (isOver) scene.out.delete(place);
    else scene.out.add(place);
  },
  'revoke-asked': (scene, { slot }, atMs) => void scene.revokes.push({ slot, askedAtMs: atMs }),
  minted(scene, { by, fingerprint, slot, key, expiryAtMs }, atMs) {
    if (scene.tokens.has(fingerprint)) return;
    scene.tokens.set(fingerprint, { by, slot, key, expiryAtMs, mintedAtMs: atMs });
  },
  regenerated(scene, { by, slot }, atMs) {
    const key = scene.keys.get(slot) ?? 0;
    const cause = by === 'keyturn' && isRevoking(scene, atMs) ? 'revoke' : by;
    const supersededAtMs = scene.supersededAtMs.get(slot);
    scene.deaths.set(`${slot} ${key}`, { atMs, by: cause, supersededAtMs });
    scene.keys.set(slot, key + 1);
    scene.supersededAtMs.delete(slot);
    for (const revoke of scene.revokes) {
      if (by === 'keyturn' && revoke.slot === slot) revoke.doneAtMs ??= atMs;
    }
  },
  'secret-set'(scene, { by, fingerprint }, atMs) {
    scene.published = { by, fingerprint };
    const slot = scene.tokens.get(fingerprint)?.slot;
    if (by !== 'keyturn' || slot === undefined) return;
    scene.everPublished.add(fingerprint);
    scene.supersededAtMs.delete(slot);
    const other = slot === 'primary' ? 'secondary' : 'primary';
    if (!wasPublished(scene, other) || scene.supersededAtMs.has(other)) return;
    scene.supersededAtMs.set(other, atMs);
  },
  'secret-shows'(scene, { fingerprint }) {
    scene.published = fingerprint === undefined ? undefined : { by: 'person', fingerprint };
  },
  stored: (scene, { consumer, ...value }) => void scene.stored.set(consumer, value),
  'pod-started': (scene, { pod, ...value }) => void scene.running.set(pod, value),
};

/** Did Keyturn ever publish a value of the slot's present key? */
function wasPublished({ everPublished, tokens, keys }: Scene, slot: SlotName): boolean {
  return [...everPublished].some((fingerprint) => {
    const token = tokens.get(fingerprint);
    return token?.slot === slot && token.key === keys.get(slot);
  });
}
