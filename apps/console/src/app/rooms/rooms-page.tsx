import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Room } from '../api/resources.ts';
import { useList } from '../api/use-list.ts';
import { Link, navigate } from '../routing.tsx';
import { useSession } from '../session-context.tsx';
import { TenantField, tenantIn } from '../shell/tenant-field.tsx';
import { texts } from '../texts.ts';
import { Button } from '../ui/button.tsx';
import { DataTable } from '../ui/data-table.tsx';
import { FormDialog, textOf } from '../ui/dialog.tsx';
import { EmptyState } from '../ui/empty-state.tsx';
import { ChoiceField, TextField } from '../ui/field.tsx';
import { Moment } from '../ui/moment.tsx';
import { PageHead } from '../ui/page-head.tsx';
import { ShownList } from '../ui/shown.tsx';
import { RoomBadge } from './room-badge.tsx';

const POLL_MS = 5_000;

export function RoomsPage(): JSX.Element {
  const { api, tenantId, may } = useSession();
  const list = useList<Room>('/v1/rooms', { tenant_id: tenantId }, POLL_MS);
  const [isCreating, setCreating] = useState(false);
  const create = async (fields: FormData): Promise<void> => {
    const room = await api.post<Room>('/v1/rooms', {
      name: textOf(fields, 'name'),
      type: textOf(fields, 'type'),
      ...tenantIn(fields, tenantId),
    });
    navigate(`/rooms/${room.id}`);
  };
  const createButton = may('rooms:write') && (
    <Button kind="primary" icon="plus" onClick={() => setCreating(true)}>
      {texts.rooms.create}
    </Button>
  );
  return (
    <>
      <PageHead title={texts.rooms.title} lead={texts.rooms.lead}>
        <a class="button plain" href="/check">
          {texts.rooms.networkCheck}
        </a>
        {createButton}
      </PageHead>
      <ShownList
        list={list}
        empty={
          <EmptyState
            icon="rooms"
            headline={texts.rooms.empty}
            explanation={may('rooms:write') ? texts.rooms.emptyExplanation : texts.common.mayNotCreate}
          >
            {createButton}
          </EmptyState>
        }
      >
        {(rooms) => (
          <DataTable
            label={texts.rooms.title}
            rows={rooms}
            keyOf={({ id }) => id}
            columns={[
              {
                title: texts.common.name,
                cell: ({ id, name }) => (
                  <Link to={`/rooms/${id}`} class="strong">
                    {name}
                  </Link>
                ),
              },
              { title: texts.common.state, cell: (room) => <RoomBadge room={room} /> },
              {
                title: texts.rooms.participants,
                cell: ({ participants, max_participants: max }) => texts.rooms.ofMax(participants, max),
              },
              { title: texts.common.created, cell: ({ created_at: at }) => <Moment at={at} /> },
            ]}
          />
        )}
      </ShownList>
      {isCreating && (
        <FormDialog
          title={texts.rooms.createTitle}
          submitText={texts.common.create}
          onSubmit={create}
          onClose={() => setCreating(false)}
        >
          <TextField label={texts.common.name} name="name" maxLength={100} isRequired hasFocus />
          <ChoiceField label={texts.rooms.type} name="type" options={texts.rooms.types} />
          <TenantField />
        </FormDialog>
      )}
    </>
  );
}
