import type { JSX } from 'preact';
import type { PublishConnection, PublishSessionDetails, SessionProblem } from '../api/resources.ts';
import { useResource } from '../api/use-resource.ts';
import { HealthSection } from '../health/health-section.tsx';
import type { PageProps } from '../pages.tsx';
import { useSession } from '../session-context.tsx';
import { texts } from '../texts.ts';
import { DataTable } from '../ui/data-table.tsx';
import { formatBytes, formatDuration, formatTime } from '../ui/format.ts';
import { Moment } from '../ui/moment.tsx';
import { PageHead } from '../ui/page-head.tsx';
import { Section } from '../ui/section.tsx';
import { Shown } from '../ui/shown.tsx';
import { SessionBadge } from './session-badge.tsx';

const POLL_MS = 3_000;

export function SessionPage({ values: { id = '', session_id: sessionId = '' } }: PageProps): JSX.Element {
  const { api } = useSession();
  const session = useResource(`/v1/sessions/${sessionId}`, (path) => api.get<PublishSessionDetails>(path), POLL_MS);
  return (
    <Shown loaded={session}>
      {(data) => (
        <>
          <PageHead
            title={texts.sessions.sessionTitle(formatTime(data.started_at))}
            parent={{ to: `/streams/${id}`, title: texts.sessions.stream }}
            state={<SessionBadge state={data.status} />}
            lead={formatDuration(
              (data.ended_at === null ? Date.now() : Date.parse(data.ended_at)) - Date.parse(data.started_at),
            )}
          />
          <HealthSection sessionId={data.id} isLive={data.status !== 'ended'} />
          <Section title={texts.sessions.warnings}>
            <Warnings warnings={data.warnings} />
          </Section>
          <Section title={texts.sessions.connections}>
            {data.standby !== null && <Standby standby={data.standby} />}
            <Connections connections={data.connections} />
          </Section>
        </>
      )}
    </Shown>
  );
}

const Warnings = ({ warnings }: { readonly warnings: readonly SessionProblem[] }): JSX.Element =>
  warnings.length === 0 ? (
    <p class="panel muted">{texts.sessions.noWarnings}</p>
  ) : (
    <ul class="panel lines">
      {warnings.map(({ code, message, first_at: at }) => (
        <li key={code}>
          <strong>{texts.problems[code]?.headline ?? message}</strong>
          <span class="muted">{texts.problems[code]?.advice}</span>
          <span class="small muted">
            {texts.stream.problemAt} <Moment at={at} />
          </span>
        </li>
      ))}
    </ul>
  );

const Standby = ({
  standby: { role, encoder, protocol, ready },
}: {
  readonly standby: NonNullable<PublishSessionDetails['standby']>;
}): JSX.Element => (
  <p class="panel">
    {texts.sessions.waits[role]} <strong>{encoder ?? protocol ?? texts.common.none}</strong>{' '}
    {!ready && <span class="muted">{texts.sessions.notReady}</span>}
  </p>
);

const Connections = ({ connections }: { readonly connections: readonly PublishConnection[] }): JSX.Element => (
  <DataTable
    label={texts.sessions.connections}
    rows={connections}
    keyOf={({ started_at: at }) => at}
    columns={[
      { title: texts.sessions.connected, cell: ({ started_at: at }) => <Moment at={at} /> },
      { title: texts.sessions.role, cell: ({ role }) => texts.sessions.roles[role] },
      { title: texts.sessions.encoder, cell: ({ encoder, protocol }) => encoder ?? protocol ?? texts.common.none },
      { title: texts.sessions.from, cell: ({ client_address: address }) => address ?? texts.common.none },
      {
        title: texts.sessions.endedBy,
        cell: ({ end_reason: reason, ended_at: at }) =>
          at === null ? texts.sessions.stillConnected : describeEnd(reason ?? ''),
      },
      {
        title: texts.sessions.sent,
        isAtEnd: true,
        cell: ({ bytes }) => (bytes === null ? texts.common.none : formatBytes(bytes)),
      },
    ]}
  />
);

const describeEnd = (reason: string): string =>
  texts.sessions.expectedEnds[reason] ?? texts.problems[reason]?.headline ?? reason.replaceAll('_', ' ');
