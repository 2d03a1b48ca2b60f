// From frames to segments, and from segments to viewers.
import { buckets, max, rate, series, spread, sum } from './expressions.ts';
import { heatmap, stat, timeseries, type Dashboard } from './panel.ts';
import { playbackRow } from './playback-row.ts';
import { playoutRow } from './playout-row.ts';

export const packagerPlayback: Dashboard = {
  uid: 'millrace-playback',
  file: 'packager-playback',
  title: 'Millrace / Packager and playback',
  description: 'How current the playlists are, how segments are built, and what viewers get.',
  rows: [
    {
      title: 'How live it is',
      panels: [
        heatmap(
          'Age of playlists',
          {
            shows: 'Time since the last segment was listed, of every published stream, sampled each second.',
            act: 'It should stay below about twice the segment target. Above three target durations players stall: see "Lag", "Redis" and whether a packager died.',
          },
          's',
          buckets('packager_playlist_age_seconds'),
        ),
        timeseries(
          'Stale playlists',
          {
            shows: 'How many published streams had, on average, a playlist older than three target durations.',
            act: 'Above 0: viewers of those streams see a frozen picture. The encoder may be sending nothing ("Starvation" on Ingest), or the packager is behind.',
          },
          'none',
          [{ expr: rate('packager_playlist_seconds_total', 'state="stale"'), legend: 'stale' }],
          { minimum: 0, thresholds: [{ color: 'red', from: 1 }] },
        ),
        timeseries(
          'Lag',
          {
            shows: 'Time from the frame that ends a segment until the segment is listed.',
            act: 'Normally some 10 ms. Above a second: the packager has no CPU, or Redis is slow; see "Time of a write to Redis".',
          },
          's',
          spread('packager_lag_seconds'),
          { minimum: 0, thresholds: [{ color: 'red', from: 2 }] },
        ),
        timeseries(
          'Time to the first segment',
          {
            shows: 'Time from the start of a session to its first listed segment: how long the earliest viewer waits.',
            act: 'It is about one segment target plus one keyframe distance. Longer: the encoder’s keyframes are far apart.',
          },
          's',
          spread('packager_time_to_first_segment_seconds'),
          { minimum: 0, thresholds: [{ color: 'yellow', from: 10 }] },
        ),
        timeseries(
          'Streams by packager',
          {
            shows: 'Streams whose lease each packager holds.',
            act: 'They move when packagers come and go. When one has all, the others are full or cannot reach Redis.',
          },
          'none',
          [{ expr: sum(series('packager_streams'), 'pod'), legend: '{{pod}}' }],
          { stacked: true, minimum: 0 },
        ),
        stat(
          'Packagers that are full',
          {
            shows: 'Whether streams wait for a packager because all are full.',
            act: 'Add packagers at once: streams without one are not live. Then raise MILLRACE_PACKAGER_MAX_STREAMS if CPU allows.',
          },
          'none',
          [{ expr: max(series('packager_full'), 'pod'), legend: '{{pod}}' }],
          {
            words: { '0': { text: 'no', color: 'green' }, '1': { text: 'full', color: 'red' } },
            thresholds: [{ color: 'red', from: 1 }],
          },
        ),
      ],
    },
    {
      title: 'How segments are made',
      panels: [
        heatmap(
          'Length of segments',
          {
            shows: 'Duration of committed segments.',
            act: 'A narrow band is good. Two bands are two kinds of encoders.',
          },
          's',
          buckets('packager_segment_duration_seconds'),
        ),
        timeseries(
          'Longer than wished',
          {
            shows: 'Segment duration minus the target duration.',
            act: 'It follows the keyframe distance of encoders ("Keyframe distance" on Ingest).',
          },
          's',
          spread('packager_segment_drift_seconds'),
          { thresholds: [{ color: 'yellow', from: 2 }] },
        ),
        timeseries(
          'Time to make a segment',
          {
            shows: 'CPU time for building MPEG-TS from frames.',
            act: 'Above 50 ms the packager has too little CPU, or is throttled by a limit.',
          },
          's',
          spread('packager_segment_build_seconds'),
          { minimum: 0, thresholds: [{ color: 'yellow', from: 0.05 }] },
        ),
        timeseries(
          'Segments by what ended them',
          {
            shows: 'Listed segments, by what ended them.',
            act: '`keyframe` is the normal case. `duration` and `bytes`: no keyframe came in time. `gap`: frames are missing.',
          },
          'ops',
          [{ expr: rate('packager_segments_total', '', 'reason'), legend: '{{reason}}' }],
          { stacked: true, minimum: 0 },
        ),
        timeseries(
          'Discontinuities',
          {
            shows: 'Points at which players must restart their decoders.',
            act: '`epoch` is an encoder that returned. `timeline` is an encoder whose clock jumped. `gap` is loss: see the next panel.',
          },
          'ops',
          [{ expr: rate('packager_discontinuities_total', '', 'reason'), legend: '{{reason}}' }],
          { minimum: 0 },
        ),
        timeseries(
          'What is missing',
          {
            shows:
              'Gaps in the frame log, the frames and the seconds that are missing, and frames left out of segments.',
            act: 'There should be no gaps: look at "Frames lost" on Bus. Frames before the first keyframe are dropped at every start.',
          },
          'ops',
          [
            { expr: rate('packager_gaps_total'), legend: 'gaps' },
            { expr: rate('packager_gap_frames_total'), legend: 'frames in gaps' },
            { expr: rate('packager_gap_seconds_total'), legend: 'seconds in gaps' },
            { expr: rate('packager_dropped_frames_total'), legend: 'frames dropped' },
            { expr: rate('packager_left_out_frames_total'), legend: 'frames left out' },
            { expr: rate('packager_abandoned_segments_total'), legend: 'segments abandoned' },
          ],
          { minimum: 0, thresholds: [{ color: 'yellow', from: 1 }] },
        ),
        timeseries(
          'Starts and lost leases',
          {
            shows: 'How packaging of streams started, and lost leases.',
            act: '`follow` is a stream that was handed over. `rebuild` and `after-mark`: Redis had lost what was committed. Lost leases: the packager was frozen or cut off from Redis.',
          },
          'ops',
          [
            { expr: rate('packager_starts_total', '', 'from'), legend: '{{from}}' },
            { expr: rate('packager_leases_lost_total'), legend: 'lost leases' },
          ],
          { minimum: 0 },
        ),
        timeseries(
          'Waiting for Redis',
          {
            shows: 'Bytes of segments that are not committed yet.',
            act: 'Growth means that Redis does not accept the writes. Beyond MILLRACE_PACKAGER_MAX_PENDING_BYTES of a stream, it is cut again from the log.',
          },
          'bytes',
          [{ expr: sum(series('packager_pending_bytes'), 'pod'), legend: '{{pod}}' }],
          { minimum: 0 },
        ),
        timeseries(
          'Frames not committed yet',
          {
            shows: 'Frames that packagers have received from the bus and that are not in a listed segment yet.',
            act: 'About one segment’s worth for each stream. Growth: Redis does not accept commits; see "Waiting for Redis".',
          },
          'none',
          [{ expr: sum(series('packager_pending_messages'), 'pod'), legend: '{{pod}}' }],
          { minimum: 0 },
        ),
        timeseries(
          'Calls that failed',
          {
            shows: 'Failed calls of packagers to Redis and NATS; all are retried.',
            act: 'See which one: `commit`, `renew`, `list`, `acquire` and `read_store` are Redis, `mark` and `read_bus` are NATS.',
          },
          'ops',
          [{ expr: rate('packager_failures_total', '', 'op'), legend: '{{op}}' }],
          { minimum: 0, thresholds: [{ color: 'yellow', from: 0.1 }] },
        ),
      ],
    },
    {
      title: 'Redis',
      panels: [
        timeseries(
          'Time of a write to Redis',
          {
            shows: 'How long Redis takes for the commit of a segment.',
            act: 'Above 0.1 s look at Redis: its CPU (one core), its network, swapping, and slow commands of others.',
          },
          's',
          spread('packager_redis_write_seconds'),
          { minimum: 0, thresholds: [{ color: 'red', from: 0.25 }] },
        ),
        timeseries(
          'Memory of Redis',
          {
            shows: 'Memory that Redis uses, and its limit (0: no limit).',
            act: 'At the limit, segments are refused and streams freeze. Give Redis more memory, or shorten windows and retention.',
          },
          'bytes',
          [
            { expr: max(series('live_store_memory_bytes')), legend: 'used' },
            { expr: max(series('live_store_memory_limit_bytes')), legend: 'limit' },
          ],
          { minimum: 0 },
        ),
      ],
    },
    playbackRow,
    playoutRow,
  ],
};
