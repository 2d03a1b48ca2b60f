import type { JSX } from 'preact';
import type { TenantStream, PublishSession } from '../api/resources.ts';
import { useList } from '../api/use-list.ts';
import { Link } from '../routing.tsx';
import { texts } from '../texts.ts';
import { DataTable } from '../ui/data-table.tsx';
import { formatDuration } from '../ui/format.ts';
import { Moment } from '../ui/moment.tsx';
import { Section } from '../ui/section.tsx';
import { ShownList } from '../ui/shown.tsx';
import { SessionBadge } from './session-badge.tsx';

const POLL_MS = 5_000;

/** What was published to a stream, newest first. */
export function SessionsSection({ stream }: { readonly stream: TenantStream }): JSX.Element {
  const list = useList<PublishSession>(`/v1/live_streams/${stream.id}/sessions`, {}, POLL_MS);
  return (
    <Section title={texts.sessions.title} lead={texts.sessions.lead}>
      <ShownList list={list} empty={<p class="panel muted">{texts.sessions.empty}</p>}>
        {(sessions) => (
          <DataTable
            label={texts.sessions.title}
            rows={sessions}
            keyOf={({ id }) => id}
            columns={[
              {
                title: texts.sessions.started,
                cell: ({ id, started_at: at }) => (
                  <Link to={`/streams/${stream.id}/sessions/${id}`}>
                    <Moment at={at} />
                  </Link>
                ),
              },
              { title: texts.common.state, cell: ({ status }) => <SessionBadge state={status} /> },
              {
                title: texts.sessions.duration,
                cell: ({ started_at: from, ended_at: to }) =>
                  formatDuration((to === null ? Date.now() : Date.parse(to)) - Date.parse(from)),
              },
              { title: texts.sessions.warnings, isAtEnd: true, cell: ({ warnings }) => warnings.length },
            ]}
          />
        )}
      </ShownList>
    </Section>
  );
}
