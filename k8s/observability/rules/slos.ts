// The objectives and how they are measured. All recording rules, burn-rate alerts and the overview's tiles are built from them.

export interface Slo {
  /** The value of the label `slo`. */
  readonly id: string;
  /** Name of the alert and of its runbook. */
  readonly alert: string;
  readonly title: string;
  /** The objective, as the end of a sentence. */
  readonly promise: string;
  readonly objective: number;
  /** With fewer events in the long window, the alert stays silent: the ratio is not meaningful. */
  readonly minimumEvents: number;
  /** Rate of all events, and of failed ones, over a window, by namespace. */
  readonly all: (window: string) => string;
  readonly bad: (window: string) => string;
  /** The panels to look at first, for the description of the alert. */
  readonly look: string;
}

const rate = (series: string, window: string): string => `sum by (namespace) (rate(millrace_${series}[${window}]))`;

/** Values of `reason` that mean a failure on our side, not the client's. */
const OUR_FAULT = '"unavailable|draining"';

export const SLOS: readonly Slo[] = [
  {
    id: 'publish',
    alert: 'PublishErrorBudgetBurn',
    title: 'Publish attempts',
    promise: 'an encoder with a valid key is accepted',
    objective: 0.999,
    minimumEvents: 20,
    all: (window) => rate(`ingest_publish_attempts_total{reason=~"none|unavailable|draining"}`, window),
    bad: (window) => rate(`ingest_publish_attempts_total{reason=~${OUR_FAULT}}`, window),
    look: 'Publish attempts by outcome on Ingest',
  },
  {
    id: 'playlist',
    alert: 'PlaylistErrorBudgetBurn',
    title: 'Live playlists',
    promise: 'the playlist of a published stream is younger than three target durations',
    objective: 0.999,
    minimumEvents: 600,
    all: (window) => rate('packager_playlist_seconds_total', window),
    bad: (window) => rate('packager_playlist_seconds_total{state="stale"}', window),
    look: 'Playlist age on Packager and playback',
  },
  {
    id: 'playback',
    alert: 'PlaybackErrorBudgetBurn',
    title: 'Playback',
    promise: 'a request for a playlist or segment is answered within 0.5 s and without a server error',
    objective: 0.999,
    minimumEvents: 1_000,
    all: (window) => rate('playback_request_seconds_count', window),
    bad: (window) =>
      `${rate('playback_denied_total{reason=~"dependency_unavailable|internal_error"}', window)} + ` +
      `${rate('playback_request_seconds_count', window)} - ` +
      rate('playback_request_seconds_bucket{le="0.5"}', window),
    look: 'Error responses by reason and Request latency on Packager and playback',
  },
  {
    id: 'join',
    alert: 'JoinErrorBudgetBurn',
    title: 'Room joins',
    promise: 'a participant with a valid token joins the room within 2 s',
    objective: 0.995,
    minimumEvents: 20,
    all: (window) => rate('signaling_joins_total{outcome=~"joined|unavailable|draining"}', window),
    bad: (window) =>
      `${rate('signaling_joins_total{outcome=~"joined|unavailable|draining"}', window)} - ` +
      rate('signaling_join_seconds_bucket{outcome="joined",le="2"}', window),
    look: 'Joins by outcome and Join latency on Rooms and TURN',
  },
  {
    id: 'relay',
    alert: 'RelayErrorBudgetBurn',
    title: 'TURN allocations',
    promise: 'a client with valid credentials and quota left gets an allocation',
    objective: 0.995,
    minimumEvents: 20,
    all: (window) => rate('turn_answers_total{method="allocate",code=~"0|500|508"}', window),
    bad: (window) => rate('turn_answers_total{method="allocate",code=~"500|508"}', window),
    look: 'Allocate responses by code on Rooms and TURN',
  },
  {
    id: 'api',
    alert: 'ApiErrorBudgetBurn',
    title: 'REST API',
    promise: 'a request is not answered with 5xx',
    objective: 0.999,
    minimumEvents: 100,
    all: (window) => rate('api_requests_total', window),
    bad: (window) => rate('api_requests_total{status=~"5.."}', window),
    look: 'API error ratio on Overview',
  },
];

/** Windows from Google's SRE workbook, chapter 5. The short window, a twelfth of the long one, makes the alert clear quickly. */
export const BURNS = [
  { severity: 'page', factor: 14.4, long: '1h', short: '5m', for: '2m' },
  { severity: 'page', factor: 6, long: '6h', short: '30m', for: '15m' },
  { severity: 'ticket', factor: 1, long: '3d', short: '6h', for: '1h' },
] as const;

export const WINDOWS = ['5m', '30m', '1h', '6h', '3d'] as const;
