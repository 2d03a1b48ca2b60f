// From frames to segments, and from segments to viewers.
import { buckets, max, rate, series, spread, sum } from './expressions.ts';
import { heatmap, stat, timeseries } from './panel.ts';
import type { Dashboard } from './panel.ts';
import { playbackRow } from './playback-row.ts';
import { playoutRow } from './playout-row.ts';
import { simulcastRow } from './simulcast-row.ts';

export const packagerPlayback: Dashboard = {
  uid: 'millrace-playback',
  file: 'packager-playback',
  title: 'Millrace / Packager and playback',
  description: 'Playlist freshness, segment building, Redis, and playback.',
  rows: [
    {
      title: 'Live latency',
      panels: [
        heatmap(
          'Playlist age',
          {
            shows: 'Time since the last segment was listed, for every published stream, sampled every second.',
            act: 'It should stay below about twice the target segment duration. Above three target durations, players stall: see "Packaging lag" and "Redis write latency", and check whether a packager died.',
          },
          's',
          buckets('packager_playlist_age_seconds'),
        ),
        timeseries(
          'Stale playlists',
          {
            shows: 'Average number of published streams whose playlist was older than three target durations.',
            act: 'Above 0, viewers of those streams see a frozen picture. The encoder may be sending nothing ("Starvation" on Ingest), or the packager is behind.',
          },
          'none',
          [{ expr: rate('packager_playlist_seconds_total', 'state="stale"'), legend: 'stale' }],
          { minimum: 0, thresholds: [{ color: 'red', from: 1 }] },
        ),
        timeseries(
          'Packaging lag',
          {
            shows: 'Time from the frame that ends a segment until the segment is listed.',
            act: 'Normally about 10 ms. Above 1 s, the packager lacks CPU or Redis is slow; see "Redis write latency".',
          },
          's',
          spread('packager_lag_seconds'),
          { minimum: 0, thresholds: [{ color: 'red', from: 2 }] },
        ),
        timeseries(
          'Part lag',
          {
            shows: 'With low latency: time from the end of a part of a segment until the part is listed.',
            act: 'Normally about 10 ms. Viewers are further behind by as much: above 0.5 s, the packager lacks CPU or Redis is slow.',
          },
          's',
          spread('packager_part_lag_seconds'),
          { minimum: 0, thresholds: [{ color: 'red', from: 0.5 }] },
        ),
        timeseries(
          'Parts listed',
          {
            shows: 'With low latency: parts of segments listed per second, before their segment was whole.',
            act: 'About four per second for each stream with parts of 0.5 s. None while such streams are live: see "Stale playlists".',
          },
          'none',
          [{ expr: rate('packager_parts_total'), legend: 'parts/s' }],
          { minimum: 0 },
        ),
        timeseries(
          'Time to first segment',
          {
            shows:
              'Time from the start of a session to its first listed segment: the longest that a viewer waits for a stream to start.',
            act: 'Expect about one target duration plus one keyframe interval. If it is longer, the encoder’s keyframe interval is too long.',
          },
          's',
          spread('packager_time_to_first_segment_seconds'),
          { minimum: 0, thresholds: [{ color: 'yellow', from: 10 }] },
        ),
        timeseries(
          'Streams by packager',
          {
            shows: 'Number of streams that each packager holds a lease for.',
            act: 'Streams move when packagers start or stop. If one packager has all of them, the others are full or cannot reach Redis.',
          },
          'none',
          [{ expr: sum(series('packager_streams'), 'pod'), legend: '{{pod}}' }],
          { stacked: true, minimum: 0 },
        ),
        stat(
          'Packagers at capacity',
          {
            shows: 'Whether streams are waiting for a packager because all are full.',
            act: 'Add packagers immediately: a stream without one is not live. Then raise MILLRACE_PACKAGER_MAX_STREAMS if the CPU allows.',
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
      title: 'Segments',
      panels: [
        heatmap(
          'Segment duration',
          {
            shows: 'Duration of committed segments.',
            act: 'A narrow band is good. Two bands mean encoders with two different settings.',
          },
          's',
          buckets('packager_segment_duration_seconds'),
        ),
        timeseries(
          'Segment drift',
          {
            shows: 'Segment duration minus the target duration.',
            act: 'It follows the keyframe interval of the encoders ("Keyframe interval" on Ingest).',
          },
          's',
          spread('packager_segment_drift_seconds'),
          { thresholds: [{ color: 'yellow', from: 2 }] },
        ),
        timeseries(
          'Segment build time',
          {
            shows: 'CPU time for building MPEG-TS from frames.',
            act: 'Above 50 ms, the packager has too little CPU or is throttled by its CPU limit.',
          },
          's',
          spread('packager_segment_build_seconds'),
          { minimum: 0, thresholds: [{ color: 'yellow', from: 0.05 }] },
        ),
        timeseries(
          'Segments by cut reason',
          {
            shows: 'Listed segments, by the reason they were cut.',
            act: '`keyframe` is normal. `duration` and `bytes`: no keyframe arrived in time. `gap`: frames are missing.',
          },
          'ops',
          [{ expr: rate('packager_segments_total', '', 'reason'), legend: '{{reason}}' }],
          { stacked: true, minimum: 0 },
        ),
        timeseries(
          'Discontinuities',
          {
            shows: 'Points at which players must restart their decoders.',
            act: '`epoch`: the encoder reconnected. `timeline`: the encoder’s clock jumped. `gap`: frames were lost; see the next panel.',
          },
          'ops',
          [{ expr: rate('packager_discontinuities_total', '', 'reason'), legend: '{{reason}}' }],
          { minimum: 0 },
        ),
        timeseries(
          'Missing and dropped frames',
          {
            shows:
              'Gaps in the frame log, the frames and seconds missing in them, and frames and segments that were discarded.',
            act: 'There should be no gaps: see "Dropped frames" on Bus. Frames before the first keyframe are dropped at every start.',
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
          'Packaging starts and lost leases',
          {
            shows: 'How packaging of streams started, and how often leases were lost.',
            act: '`follow`: the stream was handed over. `rebuild` and `after-mark`: Redis had lost committed data. Lost leases: the packager froze or could not reach Redis.',
          },
          'ops',
          [
            { expr: rate('packager_starts_total', '', 'from'), legend: '{{from}}' },
            { expr: rate('packager_leases_lost_total'), legend: 'lost leases' },
          ],
          { minimum: 0 },
        ),
        timeseries(
          'Bytes pending commit',
          {
            shows: 'Size of segments that are not committed to Redis yet.',
            act: 'Growth means that Redis does not accept writes. Above MILLRACE_PACKAGER_MAX_PENDING_BYTES for one stream, frames stay in the frame log until Redis is back.',
          },
          'bytes',
          [{ expr: sum(series('packager_pending_bytes'), 'pod'), legend: '{{pod}}' }],
          { minimum: 0 },
        ),
        timeseries(
          'Frames pending commit',
          {
            shows: 'Frames that packagers have received from the bus but that are not in a listed segment yet.',
            act: 'Expect about one segment’s worth per stream. Growth means that Redis does not accept commits; see "Bytes pending commit".',
          },
          'none',
          [{ expr: sum(series('packager_pending_messages'), 'pod'), legend: '{{pod}}' }],
          { minimum: 0 },
        ),
        timeseries(
          'Failed Redis and NATS calls',
          {
            shows: 'Failed calls of packagers to Redis and NATS; all are retried.',
            act: '`commit`, `renew`, `list`, `acquire` and `read_store` are calls to Redis; `mark` and `read_bus` are calls to NATS.',
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
          'Redis write latency',
          {
            shows: 'Time that Redis takes to commit a segment.',
            act: 'Above 0.1 s, check Redis: CPU (one core), network, swapping, and slow commands from other clients.',
          },
          's',
          spread('packager_redis_write_seconds'),
          { minimum: 0, thresholds: [{ color: 'red', from: 0.25 }] },
        ),
        timeseries(
          'Redis memory',
          {
            shows: 'Memory used by Redis, and its limit (0: no limit).',
            act: 'At the limit, Redis refuses segments and streams freeze. Give Redis more memory, or shorten windows and retention.',
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
    simulcastRow,
  ],
};
