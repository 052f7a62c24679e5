import { describe, expect, test } from 'vitest';
import type { RecordStore } from '../../../../shared/ports.ts';
import { emptyRecord, fullRecord } from './record.ts';

/** What every RecordStore does. */
export function recordStoreSuite(open: () => RecordStore): void {
  describe('a RecordStore', () => {
    test('has no record which nobody wrote', async () => {
      expect(await open().read('nobody')).toBeUndefined();
    });

    test('gives back every member of a record, with the ETag of its last write', async () => {
      const store = open();
      const etag = await store.write(fullRecord('full'), undefined);
      expect(await store.read('full')).toEqual({ value: fullRecord('full'), etag });
    });

    test('creates a record only once', async () => {
      const store = open();
      await store.write(emptyRecord('once'), undefined);
      await expect(store.write(emptyRecord('once'), undefined)).rejects.toMatchObject({
        code: 'ERR_CONFLICT',
      });
    });

    test('refuses a write over a version which is not the last', async () => {
      const store = open();
      const first = await store.write(emptyRecord('stale'), undefined);
      const second = await store.write({ ...emptyRecord('stale'), deviations: 1 }, first);
      await expect(
        store.write({ ...emptyRecord('stale'), deviations: 2 }, first),
      ).rejects.toMatchObject({ code: 'ERR_CONFLICT', remedy: 'reobserve' });
      expect(await store.read('stale')).toMatchObject({ value: { deviations: 1 }, etag: second });
    });

    test('refuses a write over a record which is not there', async () => {
      const etag = await open().write(emptyRecord('there'), undefined);
      await expect(open().write(emptyRecord('not-there'), etag)).rejects.toMatchObject({
        code: 'ERR_CONFLICT',
      });
    });

    test('lets exactly one of several writers win', async () => {
      const store = open();
      const etag = await store.write(emptyRecord('race'), undefined);
      const writers = Array.from({ length: 8 }, (_, deviations) =>
        store.write({ ...emptyRecord('race'), deviations }, etag),
      );
      const ended = await Promise.allSettled(writers);
      expect(ended.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    });

    test('drops a member which a later write leaves out', async () => {
      const store = open();
      const etag = await store.write(fullRecord('shrinks'), undefined);
      await store.write(emptyRecord('shrinks'), etag);
      expect((await store.read('shrinks'))?.value).toEqual(emptyRecord('shrinks'));
    });

    test('keeps ids apart which differ in characters that keys of a table cannot hold', async () => {
      const store = open();
      const ids = ['a/b', 'a\\b', 'a#b', 'a?b', 'a%b', 'a:2Fb', "a'b", 'a%2Fb', 'ä\n'];
      for (const id of ids) await store.write(emptyRecord(id), undefined);
      for (const id of ids) expect((await store.read(id))?.value.id).toBe(id);
    });

    test('lists each record with its target, its due time and whether it is closed', async () => {
      const store = open();
      await store.write(emptyRecord('open'), undefined);
      await store.write(fullRecord('closed'), undefined);
      const listed = await store.list();
      for (const [id, closed] of [
        ['open', false],
        ['closed', true],
      ] as const) {
        const { target, dueAtMs } = emptyRecord(id);
        expect(listed).toContainEqual({ id, target, dueAtMs, closed });
      }
    });
  });
}
