// A live store whose calls fail while a test wants them to: as a Redis that cannot be reached.
import { LiveStoreError } from '@millrace/live-store';
import type { LiveStore, LiveStoreOperation } from '@millrace/live-store';

export interface FaultyStore {
  readonly store: LiveStore;
  /** The calls that fail now. */
  readonly failing: Set<LiveStoreOperation>;
  /** How many calls have failed. */
  failures: number;
}

export function faultyStore(real: LiveStore): FaultyStore {
  const faulty: FaultyStore = {
    failing: new Set(),
    failures: 0,
    store: new Proxy(real, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        return (...parameters: unknown[]) => {
          const operation = name as LiveStoreOperation;
          if (!faulty.failing.has(operation)) return Reflect.apply(value, target, parameters) as unknown;
          faulty.failures++;
          return Promise.reject(new LiveStoreError('disconnected', operation));
        };
      },
    }),
  };
  return faulty;
}
