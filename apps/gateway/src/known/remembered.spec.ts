import { createMemoryLiveStore } from '@millrace/live-store';
import { describe, expect, it } from 'vitest';
import { Remembered } from './remembered.ts';

interface Key {
  readonly revoked: boolean;
}

/** A database that hands each reader what it says at that moment, and tells when it has. */
function setUp() {
  const store = createMemoryLiveStore();
  const database = { row: { revoked: false } as Key | undefined, reads: 0, onRead: (_read: number): void => undefined };
  const remembered = new Remembered<Key>(
    store,
    {
      kind: 'key',
      read: async () => {
        const row = database.row;
        database.onRead(++database.reads);
        return row;
      },
      parse: (value) => value as Key,
    },
    60_000,
  );
  return { store, database, remembered };
}

describe('Remembered', () => {
  it('knows nothing at first, then what the database said, then that it is gone', async () => {
    const { database, remembered } = setUp();
    expect(await remembered.recall('a')).toBeUndefined();
    expect(await remembered.refresh('a')).toEqual({ revoked: false });
    expect(await remembered.recall('a')).toEqual({ revoked: false });
    database.row = undefined;
    await remembered.refresh('a');
    expect(await remembered.recall('a')).toBeNull();
  });

  it('writes again when the row changed between reading and writing', async () => {
    const { database, remembered } = setUp();
    database.onRead = (read) => {
      if (read === 1) database.row = { revoked: true };
    };
    expect(await remembered.refresh('a')).toEqual({ revoked: true });
    expect(await remembered.recall('a')).toEqual({ revoked: true });
  });

  it('keeps a revocation, in whatever order a reader and the one who revokes come to write', async () => {
    for (let turn = 0; turn < 12; turn++) {
      const { database, remembered, store } = setUp();
      // The reader is held up for some turns of the event loop before its first write.
      const { remember } = store;
      let held = false;
      store.remember = async (key, value, ttlMs) => {
        if (!held) {
          held = true;
          for (let i = 0; i < turn; i++) await Promise.resolve();
        }
        return remember.call(store, key, value, ttlMs);
      };
      const reader = remembered.refresh('a');
      database.row = { revoked: true };
      await Promise.all([reader, remembered.refresh('a')]);
      expect(await remembered.recall('a'), `held up ${turn} turns`).toEqual({ revoked: true });
    }
  });

  it('does not believe what another version of the program wrote', async () => {
    const store = createMemoryLiveStore();
    const source = { kind: 'key', read: async () => undefined, parse: () => undefined };
    await store.remember('key:a', '{"other":1}', 1_000);
    expect(await new Remembered(store, source, 1_000).recall('a')).toBeUndefined();
  });
});
