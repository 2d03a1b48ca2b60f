import type { ComponentChildren, JSX } from 'preact';
import type { TenantStream, PublishSessionDetails, StreamViewers } from '../api/resources.ts';
import { useResource } from '../api/use-resource.ts';
import { useSession } from '../session-context.tsx';
import { texts } from '../texts.ts';
import { Facts } from '../ui/facts.tsx';
import { formatBitrate, formatCount, formatDuration } from '../ui/format.ts';

const VIEWERS_POLL_MS = 5_000;

interface SessionFactsProps {
  readonly stream: TenantStream;
  readonly session: PublishSessionDetails | undefined;
}

/** The stream in numbers, now. */
export function SessionFacts({ stream, session }: SessionFactsProps): JSX.Element {
  const { api } = useSession();
  const viewers = useResource(
    stream.active_session_id === null ? undefined : `/v1/live_streams/${stream.id}/viewers`,
    (path) => api.get<StreamViewers>(path),
    VIEWERS_POLL_MS,
  );
  return (
    <aside class="panel now" aria-label={texts.stream.now}>
      <Facts rows={session === undefined ? settingsOf(stream) : rowsOf(session, viewers.data?.viewers)} />
    </aside>
  );
}

type Row = readonly [name: string, value: ComponentChildren];

function rowsOf({ started_at: startedAt, media, ingest, connections }: PublishSessionDetails, viewers?: number): Row[] {
  const names = texts.stream.facts;
  const [connection] = connections;
  const rows: Row[] = [[names.since, formatDuration(Date.now() - Date.parse(startedAt))]];
  if (viewers !== undefined) rows.push([names.viewers, formatCount(viewers)]);
  if (media !== null && media.width !== null && media.height !== null)
    rows.push([names.picture, texts.stream.pictureSize(media.width, media.height, media.frame_rate)]);
  if (media !== null) rows.push([names.codecs, media.codecs.join(', ')]);
  if (ingest !== null) {
    rows.push([names.bitrate, formatBitrate(ingest.video_bits_per_second + ingest.audio_bits_per_second)]);
    if (ingest.keyframe_interval_seconds !== null)
      rows.push([names.keyframes, texts.stream.seconds(ingest.keyframe_interval_seconds)]);
  }
  if (connection === undefined) return rows;
  if (connection.encoder !== null) rows.push([names.encoder, connection.encoder]);
  if (connection.client_address !== null) rows.push([names.from, connection.client_address]);
  return rows;
}

/** While nothing is published there is nothing to measure. */
const settingsOf = (stream: TenantStream): Row[] => [
  [texts.setup.server, <code key="server">{stream.ingest.server}</code>],
  [texts.stream.segmentTarget, stream.segment_target_seconds],
  [texts.stream.window, stream.playlist_window_seconds],
  [texts.stream.reconnectWindow, stream.reconnect_window_seconds],
  [texts.stream.latency, texts.stream.latencyOptions.find(([value]) => value === stream.latency_mode)?.[1]],
  [
    texts.stream.secondPublisher,
    texts.stream.secondPublisherOptions.find(([value]) => value === stream.second_publisher)?.[1],
  ],
  [texts.stream.id, <code key="id">{stream.id}</code>],
];
