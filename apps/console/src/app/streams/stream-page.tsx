import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useResource } from '../api/use-resource.ts';
import type { ListAnswer } from '../api/console-api.ts';
import type {
  PlatformEvent,
  PublishSession,
  PublishSessionDetails,
  ShownSource,
  TenantStream,
} from '../api/resources.ts';
import { HealthSection } from '../health/health-section.tsx';
import type { PageProps } from '../pages.tsx';
import { useSession } from '../session-context.tsx';
import { texts } from '../texts.ts';
import { Notice } from '../ui/notice.tsx';
import { PageHead } from '../ui/page-head.tsx';
import { Shown } from '../ui/shown.tsx';
import { takeFreshKey } from './fresh-key.ts';
import { KeysSection } from './keys-section.tsx';
import { PlaybackSection } from './playback-section.tsx';
import { ProblemNotice } from './problem-notice.tsx';
import { SessionFacts } from './session-facts.tsx';
import { SessionsSection } from './sessions-section.tsx';
import { SetupPanel } from './setup-panel.tsx';
import { StateBadge } from './state-badge.tsx';
import { StreamActions } from './stream-actions.tsx';
import { newestProblem } from './stream-problem.ts';
import type { Refusal } from './stream-problem.ts';
import { StreamStage } from './stream-stage.tsx';
import { SourcesSection } from './sources-section.tsx';
import { TargetsSection } from './targets-section.tsx';

const POLL_MS = 2_000;

export function StreamPage({ values: { id = '' } }: PageProps): JSX.Element {
  const { api, may } = useSession();
  const stream = useResource(`/v1/live_streams/${id}`, (path) => api.get<TenantStream>(path), POLL_MS);
  const session = useNewestSession(id);
  const refusal = useLastRefusal(id);
  const sources = useSources(id, stream.data?.status === 'idle');
  const [freshKey] = useState(() => takeFreshKey(id));
  const [keysChanged, setKeysChanged] = useState(0);

  return (
    <Shown loaded={stream}>
      {(data) => {
        const problem = newestProblem(data, session, refusal);
        return (
          <>
            <PageHead
              title={data.name}
              parent={{ to: '/streams', title: texts.streams.title }}
              state={<StateBadge state={data.status} />}
            >
              {may('live_streams:write') && <StreamActions stream={data} onChanged={stream.reload} />}
            </PageHead>
            {problem !== undefined && <ProblemNotice problem={problem} />}
            {data.status === 'reconnecting' && problem === undefined && (
              <Notice kind="info" headline={texts.stream.reconnecting}>
                <p>{texts.stream.reconnectingExplanation(data.reconnect_window_seconds)}</p>
              </Notice>
            )}
            <div class="stream-now">
              <StreamStage stream={data} sources={sources} />
              <SessionFacts stream={data} session={data.active_session_id === null ? undefined : session} />
            </div>
            {freshKey !== undefined && session === undefined && (
              <SetupPanel streamKey={freshKey} ingest={data.ingest} />
            )}
            {data.active_session_id !== null && <HealthSection sessionId={data.active_session_id} isLive />}
            {may('stream_keys:read') && <KeysSection stream={data} changed={keysChanged} />}
            {may('ingest_sources:read') && (
              <SourcesSection stream={data} onChanged={() => setKeysChanged((count) => count + 1)} />
            )}
            <PlaybackSection stream={data} onChanged={stream.reload} />
            {may('simulcast_targets:read') && <TargetsSection stream={data} />}
            <SessionsSection stream={data} />
          </>
        );
      }}
    </Shown>
  );
}

/** The session that is on, or the last one. */
function useNewestSession(streamId: string): PublishSessionDetails | undefined {
  const { api } = useSession();
  const [newest] =
    useResource(
      `/v1/live_streams/${streamId}/sessions?limit=1`,
      async (path) => (await api.get<ListAnswer<PublishSession>>(path)).data,
      POLL_MS,
    ).data ?? [];
  return useResource(
    newest === undefined ? undefined : `/v1/sessions/${newest.id}`,
    (path) => api.get<PublishSessionDetails>(path),
    POLL_MS,
  ).data;
}

/** What an offline stream is pulled from; known to those who may read sources. */
function useSources(streamId: string, isOffline: boolean): readonly ShownSource[] {
  const { api, may } = useSession();
  return (
    useResource(
      isOffline && may('ingest_sources:read') ? `/v1/live_streams/${streamId}/ingest_sources` : undefined,
      async (path) => (await api.get<ListAnswer<ShownSource>>(path)).data,
      POLL_MS,
    ).data ?? []
  );
}

/** Why an encoder was refused last; known to those who may read events. */
function useLastRefusal(streamId: string): Refusal | undefined {
  const { api, may } = useSession();
  const [event] =
    useResource(
      may('events:read') ? `/v1/events?object_id=${streamId}&type=live_stream.rejected&limit=1` : undefined,
      async (path) => (await api.get<ListAnswer<PlatformEvent>>(path)).data,
      POLL_MS,
    ).data ?? [];
  return event === undefined ? undefined : { reason: String(event.data.object['reason']), at: event.created_at };
}
