// What a page shows of the API: asked when the page opens, again on request, and regularly where it changes by itself.
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { ApiFailure } from './console-api.ts';

export interface Loaded<T> {
  /** The last answer; it stays while a newer one is on its way, and when that fails. */
  readonly data: T | undefined;
  readonly failure: ApiFailure | undefined;
  readonly reload: () => Promise<void>;
}

interface Answer<T> {
  readonly of: string | undefined;
  readonly data?: T;
  readonly failure?: ApiFailure;
}

/**
 * @param key what is asked for: another one begins anew. undefined: nothing, yet
 * @param everyMs how often it is asked again while the page is visible
 */
export function useResource<T>(key: string | undefined, ask: (key: string) => Promise<T>, everyMs?: number): Loaded<T> {
  const [answer, setAnswer] = useState<Answer<T>>({ of: key });
  const latest = useRef({ key, ask });
  latest.current = { key, ask };

  const reload = useCallback(async (): Promise<void> => {
    const { key: asked, ask: request } = latest.current;
    if (asked === undefined) return;
    try {
      const data = await request(asked);
      if (latest.current.key === asked) setAnswer({ of: asked, data });
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error;
      if (latest.current.key === asked)
        setAnswer((before) => ({ ...(before.of === asked && before), of: asked, failure: error }));
    }
  }, []);

  useEffect(() => {
    void reload();
  }, [key, reload]);

  useEffect(() => {
    if (everyMs === undefined || key === undefined) return;
    const timer = setInterval(() => document.visibilityState === 'visible' && void reload(), everyMs);
    return () => clearInterval(timer);
  }, [everyMs, key, reload]);

  const current = answer.of === key ? answer : undefined;
  return { data: current?.data, failure: current?.failure, reload };
}
