// What is promised, and how it is measured. Every window of every rule, and the tiles of the overview, come from here.

export interface Slo {
  /** The value of the label `slo`. */
  readonly id: string;
  /** The alert's name, and that of its page. */
  readonly alert: string;
  readonly title: string;
  /** What holds, as the end of a sentence. */
  readonly promise: string;
  readonly objective: number;
  /** Below so many events in the long window no ratio says anything. */
  readonly minimumEvents: number;
  /** Rate of all events, and of those that broke the promise, over a window, by namespace. */
  readonly all: (window: string) => string;
  readonly bad: (window: string) => string;
  /** A first look, for the description of the alert. */
  readonly look: string;
}

const rate = (series: string, window: string): string => `sum by (namespace) (rate(millrace_${series}[${window}]))`;

/** A label of ours that says that the fault is: none of these is the fault of who asked. */
const OUR_FAULT = '"unavailable|draining"';

export const SLOS: readonly Slo[] = [
  {
    id: 'publish',
    alert: 'PublishErrorBudgetBurn',
    title: 'Publish attempts',
    promise: 'an encoder with a valid key is let in',
    objective: 0.999,
    minimumEvents: 20,
    all: (window) => rate(`ingest_publish_attempts_total{reason=~"none|unavailable|draining"}`, window),
    bad: (window) => rate(`ingest_publish_attempts_total{reason=~${OUR_FAULT}}`, window),
    look: 'Publish attempts by outcome, on Ingest',
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
    look: 'Age of playlists, on Packager and playback',
  },
  {
    id: 'playback',
    alert: 'PlaybackErrorBudgetBurn',
    title: 'Playback',
    promise: 'a request for a playlist or a segment is answered, without an error of ours, within 0.5 s',
    objective: 0.999,
    minimumEvents: 1_000,
    all: (window) => rate('playback_request_seconds_count', window),
    bad: (window) =>
      `${rate('playback_denied_total{reason=~"dependency_unavailable|internal_error"}', window)} + ` +
      `${rate('playback_request_seconds_count', window)} - ` +
      rate('playback_request_seconds_bucket{le="0.5"}', window),
    look: 'Denied by reason, and Time to answer, on Packager and playback',
  },
  {
    id: 'join',
    alert: 'JoinErrorBudgetBurn',
    title: 'Joining rooms',
    promise: 'who has a valid token is in the room within 2 s',
    objective: 0.995,
    minimumEvents: 20,
    all: (window) => rate('signaling_joins_total{outcome=~"joined|unavailable|draining"}', window),
    bad: (window) =>
      `${rate('signaling_joins_total{outcome=~"joined|unavailable|draining"}', window)} - ` +
      rate('signaling_join_seconds_bucket{outcome="joined",le="2"}', window),
    look: 'Joins by outcome, and Time to join, on Rooms and TURN',
  },
  {
    id: 'relay',
    alert: 'RelayErrorBudgetBurn',
    title: 'TURN allocations',
    promise: 'who has valid credentials, and quota left, gets an allocation',
    objective: 0.995,
    minimumEvents: 20,
    all: (window) => rate('turn_answers_total{method="allocate",code=~"0|500|508"}', window),
    bad: (window) => rate('turn_answers_total{method="allocate",code=~"500|508"}', window),
    look: 'Requests to allocate by answer, on Rooms and TURN',
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
    look: 'Errors of the API, on Overview',
  },
];

/** The windows of Google's SRE workbook, chapter 5: the short one is a twelfth of the long one, and ends the alert soon. */
export const BURNS = [
  { severity: 'page', factor: 14.4, long: '1h', short: '5m', for: '2m' },
  { severity: 'page', factor: 6, long: '6h', short: '30m', for: '15m' },
  { severity: 'ticket', factor: 1, long: '3d', short: '6h', for: '1h' },
] as const;

export const WINDOWS = ['5m', '30m', '1h', '6h', '3d'] as const;
