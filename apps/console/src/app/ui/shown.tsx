import type { ComponentChildren, JSX } from 'preact';
import type { LoadedList } from '../api/use-list.ts';
import type { Loaded } from '../api/use-resource.ts';
import { texts } from '../texts.ts';
import { Button } from './button.tsx';
import { FailureNotice } from './failure-notice.tsx';

interface ShownProps<T> {
  readonly loaded: Loaded<T>;
  readonly children: (data: T) => ComponentChildren;
}

/** What was asked for, once it is here; until then that it is on its way, or why it is not. */
export function Shown<T>({ loaded: { data, failure, reload }, children }: ShownProps<T>): JSX.Element {
  if (data === undefined)
    return failure === undefined ? <Loading /> : <FailureNotice failure={failure} onRetry={() => void reload()} />;
  return (
    <>
      {failure !== undefined && <FailureNotice failure={failure} onRetry={() => void reload()} />}
      {children(data)}
    </>
  );
}

interface ShownListProps<T> {
  readonly list: LoadedList<T>;
  /** Instead of an empty list. */
  readonly empty: ComponentChildren;
  readonly children: (rows: readonly T[]) => ComponentChildren;
}

export const ShownList = <T,>({ list, empty, children }: ShownListProps<T>): JSX.Element => (
  <Shown loaded={list}>
    {(rows) =>
      rows.length === 0 ? (
        empty
      ) : (
        <>
          {children(rows)}
          {list.hasMore && (
            <div class="more">
              <Button onClick={list.showMore}>{texts.common.showMore}</Button>
            </div>
          )}
        </>
      )
    }
  </Shown>
);

export const Loading = (): JSX.Element => (
  <div class="loading" role="status">
    <span class="spinner" aria-hidden="true" />
    {texts.common.loading}
  </div>
);
