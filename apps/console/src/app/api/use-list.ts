// A list of the API, page after page as it is asked for.
import { useEffect, useState } from 'preact/hooks';
import { useSession } from '../session-context.tsx';
import { withQuery } from './console-api.ts';
import type { ListAnswer, QueryValues } from './console-api.ts';
import { useResource } from './use-resource.ts';
import type { Loaded } from './use-resource.ts';

const PAGE_SIZE = 50;

interface ListSoFar<T> {
  readonly rows: readonly T[];
  readonly hasMore: boolean;
}

export interface LoadedList<T> extends Loaded<readonly T[]> {
  readonly hasMore: boolean;
  readonly showMore: () => void;
}

/** @param everyMs how often it is asked again while the page is visible */
export function useList<T>(path: string | undefined, query: QueryValues = {}, everyMs?: number): LoadedList<T> {
  const { api } = useSession();
  const key = path === undefined ? undefined : withQuery(path, query);
  const [pages, setPages] = useState(1);
  useEffect(() => setPages(1), [key]);

  const { data, failure, reload } = useResource<ListSoFar<T>>(
    key,
    async () => {
      const rows: T[] = [];
      let cursor: string | undefined;
      for (let page = 0; page < pages; page++) {
        const answer: ListAnswer<T> = await api.get(path ?? '', { ...query, limit: PAGE_SIZE, cursor });
        rows.push(...answer.data);
        if (answer.next_cursor === null) return { rows, hasMore: false };
        cursor = answer.next_cursor;
      }
      return { rows, hasMore: true };
    },
    everyMs,
  );
  useEffect(() => {
    if (pages > 1) void reload();
  }, [pages, reload]);

  return {
    data: data?.rows,
    failure,
    reload,
    hasMore: data?.hasMore ?? false,
    showMore: () => setPages((count) => count + 1),
  };
}
