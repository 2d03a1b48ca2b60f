// What comes in: encoders, what they send, how they leave.
import { buckets, max, quantile, rate, series, spread, sum } from './expressions.ts';
import { heatmap, stat, timeseries, type Dashboard } from './panel.ts';

export const ingest: Dashboard = {
  uid: 'millrace-ingest',
  file: 'ingest',
  title: 'Millrace / Ingest',
  description: 'Encoders: which publish, which are refused and why, and how healthy their output is.',
  rows: [
    {
      title: 'Who publishes',
      panels: [
        timeseries(
          'Publishers by pod',
          {
            shows: 'Encoders that are publishing, by edge.',
            act: 'A pod far above the others after a rollout is normal: encoders stay where they are. A drop to 0 on one pod only: look at its log and whether it drains.',
          },
          'none',
          [{ expr: sum(series('ingest_publishers'), 'pod'), legend: '{{pod}}' }],
          { stacked: true, minimum: 0 },
        ),
        timeseries(
          'Connections by state',
          {
            shows: 'Open RTMP and RTMPS connections: in the handshake, waiting, publishing, closing.',
            act: 'Many in `handshake` or `waiting` are scanners or an attack: see "Refused and limited", and lower MILLRACE_RTMP_MAX_CONNECTIONS_PER_ADDRESS.',
          },
          'none',
          [
            { expr: sum(series('ingest_connections'), 'protocol', 'state'), legend: '{{protocol}} {{state}}' },
            { expr: sum(series('ingest_early_waiting_connections')), legend: 'paused: early bytes are at their limit' },
          ],
          { minimum: 0 },
        ),
        timeseries(
          'Bytes held before a decision',
          {
            shows: 'Bytes that encoders have sent before their publish requests were decided, by edge.',
            act: 'At MILLRACE_RTMP_EARLY_TOTAL_BYTES connections are paused: decisions are slow (see "Time to decide whether a key may publish"), or clients flood.',
          },
          'bytes',
          [{ expr: sum(series('ingest_early_bytes'), 'pod'), legend: '{{pod}}' }],
          { minimum: 0 },
        ),
        timeseries(
          'Publish attempts by outcome',
          {
            shows: 'Publish requests of encoders, by outcome.',
            act: '`bad_key` is a wrong key in an encoder. `unavailable` is a fault on the server: the gateway could not be reached; look at the gateway and NATS. `already_publishing` is a second encoder with the same key.',
          },
          'ops',
          [{ expr: rate('ingest_publish_attempts_total', '', 'outcome', 'reason'), legend: '{{outcome}} {{reason}}' }],
          { minimum: 0 },
        ),
        timeseries(
          'Time to decide whether a key may publish',
          {
            shows: 'Time from a publish request to its answer.',
            act: 'Above a second encoders give up. It asks a gateway over NATS, which asks Redis and PostgreSQL: look at those.',
          },
          's',
          spread('ingest_publish_auth_seconds'),
          { minimum: 0, thresholds: [{ color: 'red', from: 1 }] },
        ),
        timeseries(
          'Refused and limited',
          {
            shows:
              'Connections over a limit, addresses with too many wrong keys or logins, failed handshakes, and logins.',
            act: 'Look for the address in the log of the edge. Raise the limit only if the clients are yours.',
          },
          'ops',
          [
            { expr: rate('ingest_refused_connections_total', '', 'protocol'), legend: 'over a limit {{protocol}}' },
            { expr: rate('ingest_rate_limited_total', '', 'limit'), legend: 'limited {{limit}}' },
            {
              expr: rate('ingest_handshakes_total', 'outcome!="connected"', 'outcome'),
              legend: 'handshake {{outcome}}',
            },
            { expr: rate('ingest_logins_total', '', 'outcome'), legend: 'login {{outcome}}' },
          ],
          { minimum: 0 },
        ),
        timeseries(
          'Ended connections by reason',
          {
            shows: 'Why connections ended.',
            act: '`client_closed` is the normal end. Many `idle_timeout` and `socket_error` point to the network between the encoders and the edges.',
          },
          'ops',
          [{ expr: rate('ingest_disconnects_total', '', 'reason'), legend: '{{reason}}' }],
          { minimum: 0 },
        ),
      ],
    },
    {
      title: 'What they send',
      panels: [
        heatmap(
          'Bitrate of video',
          {
            shows: 'Distribution of the publishers’ bit rates, observed every 10 s.',
            act: 'If the whole band sinks, it is the network; if it sinks for one publisher, it is that encoder. See "One stream".',
          },
          'bps',
          buckets('ingest_bitrate_bits_per_second', 'kind="video"'),
        ),
        heatmap(
          'Keyframe distance',
          {
            shows: 'Mean interval between keyframes of each publisher, observed every 10 s.',
            act: 'Above the segment target, segments grow and viewers wait longer. Tell the customer to set a keyframe interval of 2 s.',
          },
          's',
          buckets('ingest_keyframe_interval_seconds'),
        ),
        heatmap(
          'Frame distance of video',
          {
            shows: 'Mean interval between pictures of each publisher: 0.033 s is 30 per second.',
            act: 'Spreading upwards means that encoders drop frames: their machine or their uplink is too slow.',
          },
          's',
          buckets('ingest_frame_interval_seconds', 'kind="video"'),
        ),
        timeseries(
          'Bytes taken',
          {
            shows: 'Payload of audio, video and data of all publishers.',
            act: 'It follows the number of publishers. Plan edges by it: docs/performance.md says what one core carries.',
          },
          'Bps',
          [{ expr: rate('ingest_bytes_total', '', 'kind'), legend: '{{kind}}' }],
          { stacked: true, minimum: 0 },
        ),
        timeseries(
          'Frames taken',
          {
            shows: 'Frames of video and audio, and data messages, of all publishers.',
            act: 'If it falls while the number of publishers stays the same, encoders are starving: see "Starvation".',
          },
          'ops',
          [{ expr: rate('ingest_messages_total', '', 'kind'), legend: '{{kind}}' }],
          { minimum: 0 },
        ),
        timeseries(
          'Starvation',
          {
            shows: 'Periods of 10 s without frames of a track that had frames before.',
            act: 'The encoder or its uplink has stalled. If many stall at once, it is the network in front of the edges.',
          },
          'ops',
          [{ expr: rate('ingest_starvation_total', '', 'kind'), legend: '{{kind}}' }],
          { minimum: 0, thresholds: [{ color: 'yellow', from: 0.1 }] },
        ),
        timeseries(
          'Jumps of clocks and messages dropped',
          {
            shows: 'Jumps in the timestamps of encoders, and messages dropped instead of becoming frames, by reason.',
            act: 'Each jump is a discontinuity for viewers. `bad_configuration` and `malformed_frame` are broken encoders.',
          },
          'ops',
          [
            { expr: rate('ingest_timestamp_jumps_total'), legend: 'jumps' },
            { expr: rate('ingest_dropped_total', '', 'kind', 'reason'), legend: '{{kind}} {{reason}}' },
          ],
          { minimum: 0 },
        ),
        timeseries(
          'Warnings to publishers',
          {
            shows:
              'Warnings sent to publishers: tracks that are not supported or cannot be read, streams without IDR pictures.',
            act: 'Codes are in docs/errors.md; `warnings` of the session names the stream and the codec.',
          },
          'ops',
          [{ expr: rate('ingest_warnings_total', '', 'code'), legend: '{{code}}' }],
          { minimum: 0 },
        ),
        timeseries(
          'Video ahead of audio',
          {
            shows: 'Newest video timestamp minus newest audio timestamp of each publisher: the lowest and the highest.',
            act: 'Beyond a quarter of a second viewers notice. It is a setting of the encoder, not of the server.',
          },
          's',
          [
            { expr: quantile(0.05, 'ingest_av_skew_seconds'), legend: 'p5' },
            { expr: quantile(0.95, 'ingest_av_skew_seconds'), legend: 'p95' },
          ],
          { thresholds: [{ color: 'yellow', from: 0.25 }] },
        ),
        timeseries(
          'Length of publishes',
          {
            shows: 'How long encoders published: the median and the shortest tenth.',
            act: 'A median of seconds means encoders that keep reconnecting: see "Ended connections by reason".',
          },
          's',
          [
            { expr: quantile(0.5, 'ingest_session_duration_seconds'), legend: 'p50' },
            { expr: quantile(0.1, 'ingest_session_duration_seconds'), legend: 'p10' },
          ],
          { minimum: 0 },
        ),
      ],
    },
    {
      title: 'The edges themselves',
      panels: [
        stat(
          'Draining',
          {
            shows: 'Edges that are draining.',
            act: 'Normal in a rollout. An edge that drains for a long time is waiting for its publishers: see the next panel.',
          },
          'none',
          [{ expr: max(series('ingest_draining'), 'pod'), legend: '{{pod}}' }],
          {
            words: { '0': { text: 'no', color: 'green' }, '1': { text: 'drains', color: 'yellow' } },
            thresholds: [{ color: 'yellow', from: 1 }],
          },
        ),
        timeseries(
          'Publishers that a drain waits for',
          {
            shows: 'Encoders that still publish to a draining edge.',
            act: 'They are disconnected when the drain’s time is over. To end it earlier, delete the pod.',
          },
          'none',
          [{ expr: sum(series('ingest_drain_remaining_publishers'), 'pod'), legend: '{{pod}}' }],
          { minimum: 0 },
        ),
        timeseries(
          'Event loop lag',
          {
            shows: 'Delay of each edge’s event loop, 99th percentile.',
            act: 'Above 0.2 s the edge is too busy: add edges, or give them more CPU. Throttling by a CPU limit looks the same.',
          },
          's',
          [
            {
              expr: max(
                `${series('nodejs_eventloop_lag_p99_seconds')} and on (namespace, pod) ${series('ingest_draining')} >= 0`,
                'pod',
              ),
              legend: '{{pod}}',
            },
          ],
          { minimum: 0, thresholds: [{ color: 'red', from: 0.2 }] },
        ),
        timeseries(
          'Reading held back',
          {
            shows: 'Times that an edge stopped reading from an encoder because the bus was behind.',
            act: 'NATS is then the bottleneck: see the dashboard "Bus".',
          },
          'ops',
          [{ expr: rate('ingest_backpressure_total', '', 'pod'), legend: '{{pod}}' }],
          { minimum: 0, thresholds: [{ color: 'yellow', from: 0.1 }] },
        ),
        timeseries(
          'Claims and messages that failed',
          {
            shows:
              'Failed rounds of claim renewal, failed releases of claims, and control messages that were not delivered.',
            act: 'Claims are in Redis, messages go over NATS. Publishers continue; once a claim has expired, another encoder may take the stream.',
          },
          'ops',
          [
            { expr: rate('ingest_claim_renew_failures_total'), legend: 'renewals' },
            { expr: rate('ingest_claim_release_failures_total'), legend: 'given back' },
            { expr: rate('ingest_control_failures_total', '', 'subject'), legend: '{{subject}}' },
          ],
          { minimum: 0, thresholds: [{ color: 'yellow', from: 0.1 }] },
        ),
        timeseries(
          'Changes of the certificate',
          {
            shows: 'How often the RTMPS certificate was replaced, or could not be read, in the last day.',
            act: '`failed`: certificate and key in the Secret do not match, or cannot be read. The old one stays in use until it expires.',
          },
          'none',
          [{ expr: sum(`increase(${series('ingest_tls_reloads_total')}[1d])`, 'outcome'), legend: '{{outcome}}' }],
          { minimum: 0 },
        ),
      ],
    },
  ],
};
