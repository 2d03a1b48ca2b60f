import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Room, RoomMember } from '../api/resources.ts';
import { useList } from '../api/use-list.ts';
import { useResource } from '../api/use-resource.ts';
import type { PageProps } from '../pages.tsx';
import { useSession } from '../session-context.tsx';
import { texts } from '../texts.ts';
import { ActionButton } from '../ui/action-button.tsx';
import { Button } from '../ui/button.tsx';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { DataTable } from '../ui/data-table.tsx';
import { Moment } from '../ui/moment.tsx';
import { Notice } from '../ui/notice.tsx';
import { PageHead } from '../ui/page-head.tsx';
import { Section } from '../ui/section.tsx';
import { Shown, ShownList } from '../ui/shown.tsx';
import { InviteDialog } from './invite-dialog.tsx';
import { RoomBadge } from './room-badge.tsx';

const POLL_MS = 2_000;

type Asking = { readonly to: 'invite' | 'end' } | { readonly to: 'remove'; readonly member: RoomMember };

export function RoomPage({ values: { id = '' } }: PageProps): JSX.Element {
  const { api, may } = useSession();
  const path = `/v1/rooms/${id}`;
  const room = useResource(path, () => api.get<Room>(path), POLL_MS);
  const members = useList<RoomMember>(`${path}/participants`, {}, POLL_MS);
  const [asking, setAsking] = useState<Asking>();
  const close = (): void => setAsking(undefined);
  const mayWrite = may('rooms:write');
  const isEnded = room.data?.status === 'ended';
  const setLocked = async (locked: boolean): Promise<void> => {
    await api.patch(path, { locked });
    await room.reload();
  };

  return (
    <Shown loaded={room}>
      {(data) => (
        <>
          <PageHead
            title={data.name}
            parent={{ to: '/rooms', title: texts.rooms.title }}
            state={<RoomBadge room={data} />}
            lead={texts.rooms.ofMax(data.participants, data.max_participants)}
          >
            {mayWrite && !isEnded && (
              <>
                <Button kind="quiet" onClick={() => setAsking({ to: 'end' })}>
                  {texts.rooms.end}
                </Button>
                <ActionButton action={() => setLocked(!data.locked)}>
                  {data.locked ? texts.rooms.unlock : texts.rooms.lock}
                </ActionButton>
                <Button kind="primary" onClick={() => setAsking({ to: 'invite' })}>
                  {texts.rooms.invite}
                </Button>
              </>
            )}
          </PageHead>
          {isEnded && (
            <Notice kind="info" headline={texts.rooms.endedNotice}>
              <p>{texts.rooms.endedExplanation}</p>
            </Notice>
          )}
          <Section title={texts.rooms.participants}>
            <ShownList list={members} empty={<p class="panel muted">{texts.rooms.noParticipants}</p>}>
              {(rows) => (
                <DataTable
                  label={texts.rooms.participants}
                  rows={rows}
                  keyOf={(member) => member.id}
                  columns={[
                    { title: texts.common.name, cell: ({ name }) => <strong>{name}</strong> },
                    { title: texts.rooms.identity, cell: ({ identity }) => identity ?? texts.rooms.guest },
                    { title: texts.common.state, cell: ({ state }) => texts.rooms.memberStates[state] },
                    { title: texts.rooms.sends, cell: describeSources },
                    { title: texts.rooms.joined, cell: ({ joined_at: at }) => <Moment at={at} /> },
                    {
                      isAtEnd: true,
                      cell: (member) =>
                        mayWrite && (
                          <Button onClick={() => setAsking({ to: 'remove', member })}>{texts.rooms.remove}</Button>
                        ),
                    },
                  ]}
                />
              )}
            </ShownList>
          </Section>
          {asking?.to === 'invite' && <InviteDialog roomPath={path} onClose={close} />}
          {asking?.to === 'end' && (
            <ConfirmDialog
              title={texts.rooms.endTitle(data.name)}
              explanation={texts.rooms.endExplanation}
              action={texts.rooms.end}
              onConfirm={async () => {
                await api.post(`${path}/end`);
                await room.reload();
              }}
              onClose={close}
            />
          )}
          {asking?.to === 'remove' && (
            <ConfirmDialog
              title={texts.rooms.removeTitle(asking.member.name)}
              explanation={texts.rooms.removeExplanation}
              action={texts.rooms.remove}
              onConfirm={async () => {
                await api.delete(`${path}/participants/${asking.member.id}`);
                await members.reload();
              }}
              onClose={close}
            />
          )}
        </>
      )}
    </Shown>
  );
}

function describeSources({ muted }: RoomMember): string {
  const sources = (['audio', 'video', 'screen'] as const).filter((source) => !muted[source]);
  return sources.length === 0 ? texts.rooms.nothing : sources.map((source) => texts.rooms.sources[source]).join(', ');
}
