import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { PlatformEvent } from '../api/resources.ts';
import { useList } from '../api/use-list.ts';
import { useResource } from '../api/use-resource.ts';
import { useSession } from '../session-context.tsx';
import { texts } from '../texts.ts';
import { Button } from '../ui/button.tsx';
import { DataTable } from '../ui/data-table.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { EmptyState } from '../ui/empty-state.tsx';
import { formatTime } from '../ui/format.ts';
import { Moment } from '../ui/moment.tsx';
import { PageHead } from '../ui/page-head.tsx';
import { ShownList } from '../ui/shown.tsx';
import { aboutEvent, describeEventType } from './describe-event.ts';

const POLL_MS = 3_000;

export function EventsPage(): JSX.Element {
  const { tenantId } = useSession();
  const [type, setType] = useState('');
  const types = useEventTypes();
  const list = useList<PlatformEvent>('/v1/events', { tenant_id: tenantId, type }, POLL_MS);
  const [shown, setShown] = useState<PlatformEvent>();
  return (
    <>
      <PageHead title={texts.events.title} lead={texts.events.lead} />
      <div class="filters">
        <select
          aria-label={texts.events.type}
          value={type}
          onChange={({ currentTarget }) => setType(currentTarget.value)}
        >
          <option value="">{texts.events.allTypes}</option>
          {types.map((one) => (
            <option key={one} value={one}>
              {describeEventType(one)}
            </option>
          ))}
        </select>
      </div>
      <ShownList
        list={list}
        empty={
          type === '' ? (
            <EmptyState icon="events" headline={texts.events.empty} explanation={texts.events.emptyExplanation} />
          ) : (
            <EmptyState icon="events" headline={texts.events.noMatch} explanation={texts.events.noMatchExplanation} />
          )
        }
      >
        {(events) => (
          <DataTable
            label={texts.events.title}
            rows={events}
            keyOf={({ id }) => id}
            columns={[
              { title: texts.events.when, cell: ({ created_at: at }) => <Moment at={at} /> },
              { title: texts.events.type, cell: ({ type }) => <strong>{describeEventType(type)}</strong> },
              { title: texts.events.object, cell: aboutEvent },
              {
                isAtEnd: true,
                cell: (event) => (
                  <Button kind="quiet" onClick={() => setShown(event)}>
                    {texts.events.details}
                  </Button>
                ),
              },
            ]}
          />
        )}
      </ShownList>
      {shown !== undefined && (
        <Dialog title={describeEventType(shown.type)} onClose={() => setShown(undefined)}>
          <div class="dialog-body">
            <p class="muted">{formatTime(shown.created_at)}</p>
            <pre tabIndex={0}>{JSON.stringify(shown, undefined, 2)}</pre>
          </div>
        </Dialog>
      )}
    </>
  );
}

interface EventTypesOfApi {
  readonly components: {
    readonly schemas: {
      readonly Event: { readonly properties: { readonly type: { readonly enum: readonly string[] } } };
    };
  };
}

/** Every type that this server knows: its own description of the API lists them. */
function useEventTypes(): readonly string[] {
  const { api } = useSession();
  const described = useResource('/openapi.json', (path) => api.get<EventTypesOfApi>(path)).data;
  return described?.components.schemas.Event.properties.type.enum ?? [];
}
