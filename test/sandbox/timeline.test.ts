import { describe, expect, it } from 'vitest';
import type { ClusterStatus, JournalEntry } from '../../sandbox/contract.ts';
import { bar, frame } from '../../sandbox/timeline/frame.ts';
import { fromHistory, fromJournal } from '../../sandbox/timeline/happenings.ts';
import { clock, lineText, stopwatch } from '../../sandbox/timeline/line.ts';
import {
  consumersOf,
  livesOf,
  type Picture,
  type SlotPicture,
} from '../../sandbox/timeline/picture.ts';
import { look, nothingSeen, pictureOf } from '../../sandbox/timeline/watch.ts';
import type { Sources } from '../../sandbox/timeline/sources.ts';
import { APP, makeWorld } from '../../sandbox/world.ts';

const NOW_MS = Date.UTC(2026, 0, 1, 12);
const MINUTE = 60_000;
const world = makeWorld({
  directory: '',
  port: 7071,
  clusters: 2,
  runAtMs: NOW_MS - 10 * MINUTE,
});

/** A version of paris, minted and published so many minutes from now. */
function published(slot: 'primary' | 'secondary', minute: number, keyVersion = 1) {
  const atMs = NOW_MS + minute * MINUTE;
  const fingerprint = `${slot} ${minute}`;
  const minted: JournalEntry = {
    seq: 0,
    atMs,
    by: APP,
    kind: 'token-minted',
    gateway: 'paris',
    slot,
    keyVersion,
    expiresAtMs: atMs + 4 * MINUTE,
    fingerprint,
  };
  const set: JournalEntry = {
    seq: 0,
    atMs,
    by: APP,
    kind: 'secret-set',
    secret: 'contoso--paris',
    fingerprint,
  };
  return [minted, set];
}

function regenerated(slot: 'primary' | 'secondary', minute: number, by = APP): JournalEntry {
  const atMs = NOW_MS + minute * MINUTE;
  return { seq: 0, atMs, by, kind: 'key-regenerated', gateway: 'paris', slot, keyVersion: 2 };
}

const text = (line: Parameters<typeof lineText>[0]) => lineText(line, 200, false);

describe('a bar of life', () => {
  const slot = (more: Partial<SlotPicture>): SlotPicture => ({
    name: 'primary',
    state: 'current',
    lives: [],
    ...more,
  });

  it('is solid before now and dashed until the expiry', () => {
    const lives = [{ fromMs: NOW_MS - 2 * MINUTE, toMs: NOW_MS + 3 * MINUTE, regenerated: false }];
    expect(text(bar(slot({ lives }), NOW_MS, 16))).toBe('    ━━━━╌╌╌╌╌╌');
  });

  it('leaves a thin line where the key was regenerated', () => {
    const lives = livesOf(
      [...published('primary', -3), regenerated('primary', -1)],
      'paris',
      'primary',
    );
    expect(text(bar(slot({ state: 'clean', lives }), NOW_MS, 16))).toBe('  ────');
  });

  it('joins the lives of versions which one key signed', () => {
    const journal = [...published('primary', -3), ...published('primary', -1)];
    expect(livesOf(journal, 'paris', 'primary')).toEqual([
      { fromMs: NOW_MS - 3 * MINUTE, toMs: NOW_MS + 3 * MINUTE, regenerated: false },
    ]);
    expect(livesOf(journal, 'paris', 'secondary')).toEqual([]);
    expect(livesOf(journal, 'lyon', 'primary')).toEqual([]);
  });
});

describe('a frame', () => {
  const picture: Picture = {
    nowMs: NOW_MS,
    runAtMs: NOW_MS - 192_000,
    app: 'http://127.0.0.1:7071',
    clusters: 2,
    credentials: [
      {
        gateway: 'paris',
        retire: 'adopted',
        slots: [
          {
            name: 'primary',
            state: 'used',
            lives: livesOf(published('primary', -3), 'paris', 'primary'),
          },
          {
            name: 'secondary',
            state: 'current',
            sequence: 29_937_482,
            lives: livesOf(published('secondary', -1), 'paris', 'secondary'),
          },
        ],
        consumers: [
          { id: 'edge-lyon', adopted: 2, pods: 2 },
          { id: 'aks-weu', adopted: 1, pods: 2 },
        ],
      },
    ],
    events: [{ atMs: NOW_MS, who: 'paris', word: 'adopt', message: 'edge-lyon' }],
    calls: { good: 12_431, refused: 0, afterPause: 0, unreachable: 3 },
    restarts: 7,
    costs: { writes: 41, vaultReads: 8 },
    silent: [],
  };

  it('tells slots, consumers, the log and the calls', () => {
    expect(frame(picture, 100).map(text)).toEqual([
      'Keyturn sandbox  03:12  http://127.0.0.1:7071  2 clusters, 1 gateways, lives of 4 min',
      '',
      `paris      primary        ━━━━━━━━━━━━━╌╌╌╌               used, expires ${clock(NOW_MS + MINUTE, 'minute')}, retires when adopted`,
      `           secondary               ━━━━╌╌╌╌╌╌╌╌╌╌╌╌╌      current #29937482, expires ${clock(NOW_MS + 3 * MINUTE, 'minute')}`,
      '           consumers  edge-lyon 2/2  aks-weu 1/2',
      '',
      `${clock(NOW_MS, 'second')}  paris      adopt    edge-lyon`,
      '',
      'gateway calls 12,431 good, 0 refused, 3 unreachable   7 restarts',
      'Azure: 41 writes, 8 vault reads',
    ]);
  });

  it('is never wider than the terminal', () => {
    for (const width of [20, 80, 120]) {
      const lines = frame(picture, width).map((line) => lineText(line, width, false));
      expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(width);
    }
  });

  it('says who does not answer', () => {
    const [title = []] = frame({ ...picture, silent: ['app'] }, 100);
    expect(text(title)).toContain('no answer from app');
  });

  it('has colours only where they are wanted', () => {
    const [title = []] = frame(picture, 100);
    expect(lineText(title, 100, true)).toContain('\u001B[1mKeyturn sandbox');
    expect(lineText(title, 100, false)).not.toContain('\u001B');
  });
});

describe('the log', () => {
  it('shows instants of Keyturn by the clock of the reader', () => {
    const at = '2026-01-01T12:00:00.000Z';
    const entry = { at, event: 'publish', message: `#1 on primary, expires ${at}` };
    expect(fromHistory('paris', entry)).toEqual({
      atMs: NOW_MS,
      who: 'paris',
      word: 'publish',
      message: `#1 on primary, expires ${clock(NOW_MS, 'minute')}`,
    });
  });

  it('tells what people do at Azure, and not again what Keyturn did', () => {
    expect(fromJournal(regenerated('primary', 0, 'owner'))).toMatchObject({
      who: 'paris',
      word: 'person',
      message: 'owner: key regenerated, primary',
    });
    expect(fromJournal(regenerated('primary', 0))).toBeUndefined();
  });
});

describe('a look at the parts', () => {
  const cluster: ClusterStatus = {
    id: 'edge-lyon',
    gateways: [
      {
        name: 'paris',
        credential: 'contoso--paris',
        stored: 2,
        pods: [{ name: 'a', version: 2 }, { name: 'b', version: 1 }, { name: 'c' }],
      },
    ],
    calls: { good: 5, refused: 0, afterPause: 0, unreachable: 0 },
    pauses: [],
    restarts: 0,
    pulls: { changed: 1, unchanged: 0, failed: 0 },
  };
  const at = new Date(NOW_MS).toISOString();
  const sources: Sources = {
    credentials: async () => [
      {
        id: 'contoso--paris',
        current: { sequence: 2, slot: 'secondary' },
        slots: [{ name: 'primary', state: 'retiring' }],
      },
    ],
    history: async () => [{ at, event: 'publish', message: '#2' }],
    journal: async (since) =>
      published('secondary', -1)
        .map((entry, seq) => ({ ...entry, seq: seq + 1 }))
        .filter(({ seq }) => seq > since),
    counters: async () => ({
      requests: {},
      appRequests: { 'arm generateToken': 4 },
      gatewayCalls: { good: 0, refused: 0 },
    }),
    cluster: async () => cluster,
  };

  it('gathers one picture and tells each thing once', async () => {
    const seen = nothingSeen();
    expect(await look(world, sources, seen)).toMatchObject([{ word: 'publish', message: '#2' }]);
    expect(await look(world, sources, seen)).toEqual([]);
    const { credentials, costs, silent } = pictureOf(world, seen, NOW_MS);
    expect(seen.journal).toHaveLength(2);
    expect({ costs, silent }).toEqual({ costs: { writes: 4, vaultReads: 0 }, silent: [] });
    expect(credentials[0]?.slots).toMatchObject([
      { name: 'primary', state: 'retiring' },
      { name: 'secondary', state: 'current', sequence: 2 },
    ]);
  });

  it('keeps what was known of a part which does not answer', async () => {
    const seen = nothingSeen();
    await look(world, sources, seen);
    const away = async () => Promise.reject(new Error('away'));
    await look(world, { ...sources, credentials: away, cluster: away }, seen);
    expect(pictureOf(world, seen, NOW_MS)).toMatchObject({
      silent: ['app', 'edge-lyon', 'aks-weu'],
      calls: { good: 10 },
      credentials: [{ slots: [{ state: 'retiring' }, { state: 'current' }] }, {}, {}],
    });
  });

  it('counts a pod as adopted only on the current version', () => {
    const adopted = (sequence: number | undefined) =>
      world.credentials.slice(0, 1).flatMap((plan) => consumersOf(plan, [cluster], sequence));
    expect(adopted(2)).toEqual([
      { id: 'edge-lyon', adopted: 1, pods: 3 },
      { id: 'aks-weu', adopted: 0, pods: 0 },
    ]);
    expect(adopted(undefined)[0]).toMatchObject({ adopted: 0 });
  });
});

it('shows hours only when there are some', () => {
  expect([stopwatch(192_000), stopwatch(3_792_000)]).toEqual(['03:12', '1:03:12']);
});
