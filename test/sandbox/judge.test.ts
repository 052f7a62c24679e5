import { describe, expect, it } from 'vitest';
import type { ClusterStatus, JournalEntry } from '../../sandbox/contract.ts';
import { type Evidence, judge } from '../../sandbox/verdict/judge.ts';
import { APP, type CredentialPlan, makeWorld } from '../../sandbox/world.ts';

const START_MS = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;
const { credentials } = makeWorld({ directory: '', port: 7071, clusters: 2, runAtMs: START_MS });

type Unstamped<T> = T extends JournalEntry ? Omit<T, 'seq' | 'by' | 'atMs'> : never;

/** A journal told in minutes since the start. */
function journalOf(
  ...lines: readonly (readonly [minute: number, entry: Unstamped<JournalEntry>, by?: string])[]
): readonly JournalEntry[] {
  return lines.map(([minute, entry, by = APP], seq) => ({
    ...entry,
    seq,
    by,
    atMs: START_MS + minute * MINUTE,
  }));
}

type Slot = 'primary' | 'secondary';

function minted(gateway: string, slot: Slot, expiryMinute: number, keyVersion = 1) {
  const expiresAtMs = START_MS + expiryMinute * MINUTE;
  const fingerprint = `${gateway} ${slot} ${expiryMinute} ${keyVersion}`;
  return { kind: 'token-minted', gateway, slot, keyVersion, expiresAtMs, fingerprint } as const;
}

function set(gateway: string, token: ReturnType<typeof minted>) {
  const { fingerprint } = token;
  return { kind: 'secret-set', secret: `contoso--${gateway}`, fingerprint } as const;
}

function regenerated(gateway: string, slot: Slot, keyVersion = 2) {
  return { kind: 'key-regenerated', gateway, slot, keyVersion } as const;
}

const CLUSTER: ClusterStatus = {
  id: 'edge-lyon',
  gateways: [
    { name: 'paris', credential: 'contoso--paris', pods: [{ name: 'paris-edge-lyon-0' }] },
  ],
  calls: { good: 1_000, refused: 0, afterPause: 0, unreachable: 3 },
  pauses: [],
  restarts: 4,
  pulls: { changed: 2, unchanged: 9, failed: 0 },
};

function evidence(more: Partial<Evidence>, lastedMinutes = 30): Evidence {
  return {
    runAtMs: START_MS,
    nowMs: START_MS + lastedMinutes * MINUTE,
    credentials,
    journal: [],
    clusters: [CLUSTER],
    costs: { writes: 0, vaultReads: 0 },
    pauses: [],
    storeLostAtMs: [],
    silent: [],
    ...more,
  };
}

/** Primary is published, then secondary at minute 10, then primary is retired. */
function rotation(gateway: string, retiredMinute: number | undefined, expiryMinute = 12) {
  const first = minted(gateway, 'primary', expiryMinute);
  const second = minted(gateway, 'secondary', 14);
  const retire = [[retiredMinute ?? 0, regenerated(gateway, 'primary')]] as const;
  return journalOf(
    [8, first],
    [8, set(gateway, first)],
    [10, second],
    [10, set(gateway, second)],
    ...(retiredMinute === undefined ? [] : retire),
  );
}

describe('a run', () => {
  it('is good when every superseded key was regenerated in time and no call was refused', () => {
    const verdict = judge(evidence({ journal: rotation('paris', 10.5) }));
    expect(verdict.failures).toEqual([]);
    expect(verdict).toMatchObject({ rotations: 1, retirements: 1, restarts: 4 });
  });

  it('counts unreachable calls apart, and they are no failure', () => {
    const verdict = judge(evidence({ journal: rotation('paris', 10.5) }));
    expect(verdict.calls).toEqual(CLUSTER.calls);
  });

  it('fails when a call was refused', () => {
    const clusters = [{ ...CLUSTER, calls: { ...CLUSTER.calls, refused: 1 } }];
    const verdict = judge(evidence({ journal: rotation('paris', 10.5), clusters }));
    expect(verdict.failures).toEqual(['1 gateway calls were refused']);
  });

  it('fails when only the twin remembers a refused call of a pod', () => {
    const refused = { kind: 'gateway-refused', gateway: 'paris', reason: 'signature' } as const;
    const told = (instance: string) =>
      judge(evidence({ journal: journalOf([1, { ...refused, instance }]) }, 5)).failures;
    expect(told('paris-edge-lyon-0')).toEqual([
      'a call of paris-edge-lyon-0 was refused: signature',
    ]);
    expect(told('a-test-of-somebody')).toEqual([]);
  });

  it('fails when a key is regenerated early, even if no pod has called yet', () => {
    const journal = [...rotation('paris', 10.5)];
    const early = journalOf([11, regenerated('paris', 'secondary'), 'owner']);
    const verdict = judge(evidence({ journal: [...journal, ...early] }));
    expect(verdict.failures).toEqual([
      'owner regenerated the secondary key of paris while its token was the current one',
    ]);
    expect(verdict.retirements).toBe(1);
  });

  it('is good when the key of a token is regenerated which had expired', () => {
    const late = journalOf([14, regenerated('paris', 'secondary')]);
    expect(judge(evidence({ journal: [...rotation('paris', 10.5), ...late] })).failures).toEqual(
      [],
    );
  });

  it('ignores what happened in an earlier run', () => {
    const early = journalOf([11, regenerated('paris', 'secondary'), 'owner']);
    const journal = [...rotation('paris', 10.5), ...early];
    const verdict = judge({ ...evidence({ journal }, 25), runAtMs: START_MS + 20 * MINUTE });
    expect(verdict).toMatchObject({ rotations: 0, retirements: 0, failures: [] });
  });

  it('fails when a witness does not answer at the end', () => {
    const verdict = judge(evidence({ silent: ['edge-lyon'] }, 5));
    expect(verdict.failures).toEqual([
      'edge-lyon did not answer at the end: what it saw is unknown',
    ]);
  });

  it('fails when no gateway ever made a good call', () => {
    const clusters = [{ ...CLUSTER, calls: { ...CLUSTER.calls, good: 0 } }];
    expect(judge(evidence({ clusters }, 5)).failures).toEqual([
      'no gateway ever got its configuration',
    ]);
  });

  it('fails without rotations, retirements or restarts when it lasts ten minutes or more', () => {
    const still = evidence({ clusters: [{ ...CLUSTER, restarts: 0 }] }, 10);
    expect(judge(still).failures).toHaveLength(3);
    expect(judge({ ...still, nowMs: still.nowMs - 1 }).failures).toEqual([]);
  });
});

describe('a superseded key', () => {
  const OVERDUE = ['the superseded primary key of paris outlived its bound'];
  const adoptedBound = 10 + (15 + 40) / 60;
  const expiredBound = 10 + (240 + 5 + 60) / 60;
  const aMillisecond = 1 / MINUTE;
  const failures = (journal: readonly JournalEntry[], more: Partial<Evidence> = {}) =>
    judge(evidence({ journal, ...more })).failures;

  it('is alive past its bound 40 s after the overlap, where adoption retires', () => {
    expect(failures(rotation('paris', adoptedBound))).toEqual([]);
    expect(failures(rotation('paris', adoptedBound + aMillisecond))).toEqual(OVERDUE);
  });

  it('harms nobody once its last token has expired, adopted or not', () => {
    expect(failures(rotation('paris', 11.5, 10.9))).toEqual([]);
  });

  it('must be regenerated within a life and a minute, whatever retires it', () => {
    const lyon = ['the superseded primary key of lyon outlived its bound'];
    expect(failures(rotation('lyon', expiredBound))).toEqual([]);
    expect(failures(rotation('lyon', expiredBound + aMillisecond))).toEqual(lyon);
    expect(failures(rotation('lyon', undefined))).toContain(lyon[0]);
  });

  it('is not superseded by a renewal on the same slot', () => {
    const [first, second] = [minted('paris', 'primary', 12), minted('paris', 'primary', 14)];
    const journal = journalOf(
      [8, first],
      [8, set('paris', first)],
      [10, second],
      [10, set('paris', second)],
    );
    expect(failures(journal)).not.toEqual(expect.arrayContaining(OVERDUE));
  });

  it('is superseded by the first publish on the other slot, not by its repair', () => {
    const repair = journalOf([10.9, set('paris', minted('paris', 'secondary', 14))]);
    const journal = [...rotation('paris', undefined, 12), ...repair];
    const retire = journalOf([11.5, regenerated('paris', 'primary')]);
    expect(failures([...journal, ...retire])).toEqual(OVERDUE);
  });

  it('is given the life of a token again when the store may have gone back in time', () => {
    const storeLostAtMs = [START_MS + 9 * MINUTE];
    expect(failures(rotation('paris', 11.5, 14))).toEqual(OVERDUE);
    expect(failures(rotation('paris', 11.5, 14), { storeLostAtMs })).toEqual([]);
  });

  it('is not blamed for time in which nothing ran', () => {
    const pauses = [{ fromMs: START_MS + 10.1 * MINUTE, toMs: START_MS + 12.1 * MINUTE }];
    expect(failures(rotation('paris', 12.8, 14))).toEqual(OVERDUE);
    expect(failures(rotation('paris', 12.8, 14), { pauses })).toEqual([]);
  });
});

describe('the default world', () => {
  it('shows both ways to retire, and lets every cluster pull something', () => {
    for (const clusters of [1, 2, 3, 8]) {
      const world = makeWorld({ directory: '', port: 7071, clusters, runAtMs: 0 });
      const served = world.credentials.flatMap(({ consumers }: CredentialPlan) => consumers);
      expect(new Set(world.credentials.map(({ retire }) => retire)).size).toBe(2);
      expect(new Set(served)).toEqual(new Set(world.clusters.map(({ id }) => id)));
    }
  });
});
