import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { TenantStream, StreamState } from '../api/resources.ts';
import { useList } from '../api/use-list.ts';
import { useSession } from '../session-context.tsx';
import { texts } from '../texts.ts';
import { Button } from '../ui/button.tsx';
import { EmptyState } from '../ui/empty-state.tsx';
import { Icon } from '../ui/icon.tsx';
import { PageHead } from '../ui/page-head.tsx';
import { ShownList } from '../ui/shown.tsx';
import { CreateStreamDialog } from './create-stream-dialog.tsx';
import { StreamCard } from './stream-card.tsx';

const POLL_MS = 3_000;
/** A request for each word, not for each letter. */
const SEARCH_PAUSE_MS = 250;
const STATES: readonly StreamState[] = ['active', 'connected', 'reconnecting', 'idle', 'disabled'];

export function StreamsPage(): JSX.Element {
  const { tenantId, may } = useSession();
  const [name, setName] = useState('');
  const [state, setState] = useState('');
  const searched = useSettled(name.trim(), SEARCH_PAUSE_MS);
  const list = useList<TenantStream>(
    '/v1/live_streams',
    { tenant_id: tenantId, name: searched, status: state },
    POLL_MS,
  );
  const [isCreating, setCreating] = useState(false);
  const isFiltered = searched !== '' || state !== '';
  const createButton = may('live_streams:write') && (
    <Button kind="primary" icon="plus" onClick={() => setCreating(true)}>
      {texts.streams.create}
    </Button>
  );

  return (
    <>
      <PageHead title={texts.streams.title} lead={texts.streams.lead}>
        {createButton}
      </PageHead>
      <div class="filters" role="search">
        <label class="search">
          <span class="unseen">{texts.streams.search}</span>
          <Icon name="search" />
          <input
            type="search"
            value={name}
            placeholder={texts.streams.search}
            onInput={({ currentTarget }) => setName(currentTarget.value)}
          />
        </label>
        <select
          aria-label={texts.streams.filterState}
          value={state}
          onChange={({ currentTarget }) => setState(currentTarget.value)}
        >
          <option value="">{texts.streams.allStates}</option>
          {STATES.map((option) => (
            <option key={option} value={option}>
              {texts.streams.states[option]}
            </option>
          ))}
        </select>
      </div>
      <ShownList
        list={list}
        empty={
          isFiltered ? (
            <EmptyState icon="search" headline={texts.streams.noMatch} explanation={texts.streams.noMatchExplanation} />
          ) : (
            <EmptyState
              icon="streams"
              headline={texts.streams.empty}
              explanation={may('live_streams:write') ? texts.streams.emptyExplanation : texts.common.mayNotCreate}
            >
              {createButton}
            </EmptyState>
          )
        }
      >
        {(streams) => (
          <ul class="cards">
            {streams.map((stream) => (
              <li key={stream.id}>
                <StreamCard stream={stream} />
              </li>
            ))}
          </ul>
        )}
      </ShownList>
      {isCreating && <CreateStreamDialog onClose={() => setCreating(false)} />}
    </>
  );
}

/** The value, once it has not changed for a while. */
function useSettled(value: string, pauseMs: number): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), pauseMs);
    return () => clearTimeout(timer);
  }, [value, pauseMs]);
  return settled;
}
