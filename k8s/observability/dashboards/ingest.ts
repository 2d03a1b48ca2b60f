// Ingest: connections, encoder output and edge health.
import { buckets, max, quantile, rate, series, spread, sum } from './expressions.ts';
import { heatmap, stat, timeseries } from './panel.ts';
import type { Dashboard } from './panel.ts';

export const ingest: Dashboard = {
  uid: 'millrace-ingest',
  file: 'ingest',
  title: 'Millrace / Ingest',
  description: 'Encoders: how many publish, how many are refused and why, and the quality of what they send.',
  rows: [
    {
      title: 'Publishers and connections',
      panels: [
        timeseries(
          'Publishers by pod',
          {
            shows: 'Encoders that are publishing, by edge.',
            act: 'After a rollout, one pod may be far above the others: encoders stay where they are. If only one pod drops to 0, check its log and whether it is draining.',
          },
          'none',
          [{ expr: sum(series('ingest_publishers'), 'pod'), legend: '{{pod}}' }],
          { stacked: true, minimum: 0 },
        ),
        timeseries(
          'Connections by state',
          {
            shows: 'Open RTMP and RTMPS connections by state: handshake, waiting, publishing or closing.',
            act: 'Many in `handshake` or `waiting` point to scanners or an attack: see "Refused connections and rate limits", and lower MILLRACE_RTMP_MAX_CONNECTIONS_PER_ADDRESS.',
          },
          'none',
          [
            { expr: sum(series('ingest_connections'), 'protocol', 'state'), legend: '{{protocol}} {{state}}' },
            { expr: sum(series('ingest_early_waiting_connections')), legend: 'paused: early bytes at the limit' },
          ],
          { minimum: 0 },
        ),
        timeseries(
          'Backup encoders',
          {
            shows: 'Encoders that wait to take over from the one that publishes, and how often one did, by reason.',
            act: '`stopped`, again and again: the first encoder of a stream, or its network, is failing; its session says which. `removed`: a key was revoked. `requested`: a switch by REST.',
          },
          'none',
          [
            { expr: sum(series('ingest_standbys'), 'protocol'), legend: 'waiting {{protocol}}' },
            { expr: rate('ingest_standby_promotions_total', '', 'reason'), legend: 'took over per second: {{reason}}' },
          ],
          { minimum: 0 },
        ),
        timeseries(
          'Bytes buffered before authorization',
          {
            shows: 'Bytes received from encoders whose publish requests are not authorized yet, by edge.',
            act: 'At MILLRACE_RTMP_EARLY_TOTAL_BYTES, connections are paused. Either authorization is slow (see "Publish authorization latency") or clients are flooding the edge.',
          },
          'bytes',
          [{ expr: sum(series('ingest_early_bytes'), 'pod'), legend: '{{pod}}' }],
          { minimum: 0 },
        ),
        timeseries(
          'Publish attempts by outcome',
          {
            shows: 'Publish requests of encoders, by outcome.',
            act: '`bad_key`: the encoder has the wrong key. `unavailable`: a server-side failure; the gateway could not be reached, so check gateways and NATS. `already_publishing`: a second encoder uses the same key.',
          },
          'ops',
          [{ expr: rate('ingest_publish_attempts_total', '', 'outcome', 'reason'), legend: '{{outcome}} {{reason}}' }],
          { minimum: 0 },
        ),
        timeseries(
          'Publish authorization latency',
          {
            shows: 'Time from a publish request to its answer.',
            act: 'Above 1 s, encoders give up. The edge asks a gateway over NATS, which asks Redis and PostgreSQL: check those.',
          },
          's',
          spread('ingest_publish_auth_seconds'),
          { minimum: 0, thresholds: [{ color: 'red', from: 1 }] },
        ),
        timeseries(
          'Refused connections and rate limits',
          {
            shows:
              'Connections over a limit, addresses limited for too many wrong keys or logins, failed handshakes, and logins.',
            act: 'Find the address in the log of the edge. Raise the limit only if the clients are legitimate.',
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
          'Ingest sources by state',
          {
            shows:
              'Ingest sources that edges pull, by state; those that are enabled and pulled by no edge; attempts that failed and streams that were lost.',
            act: '`unheld` above 0: edges are full or missing (docs/runbooks/IngestSourcesUnheld.md). Many `waiting`: cameras that cannot be reached; `last_error` of the source says why.',
          },
          'none',
          [
            { expr: sum(series('ingest_pulls'), 'state'), legend: '{{state}}' },
            { expr: max(series('ingest_sources', 'state="unheld"')), legend: 'unheld' },
            { expr: rate('ingest_pull_ends_total', '', 'outcome'), legend: '{{outcome}} per second' },
          ],
          { minimum: 0 },
        ),
        timeseries(
          'Disconnects by reason',
          {
            shows: 'Closed connections, by reason.',
            act: '`client_closed` is normal. Many `idle_timeout` and `socket_error` point to the network between the encoders and the edges.',
          },
          'ops',
          [{ expr: rate('ingest_disconnects_total', '', 'reason'), legend: '{{reason}}' }],
          { minimum: 0 },
        ),
      ],
    },
    {
      title: 'Encoder output',
      panels: [
        heatmap(
          'Video bitrate',
          {
            shows: 'Distribution of the publishers’ bitrates, sampled every 10 s.',
            act: 'If all bitrates fall, suspect the network; if one falls, suspect that encoder. See "One stream".',
          },
          'bps',
          buckets('ingest_bitrate_bits_per_second', 'kind="video"'),
        ),
        heatmap(
          'Keyframe interval',
          {
            shows: 'Mean keyframe interval of each publisher, sampled every 10 s.',
            act: 'Above the target segment duration, segments grow and viewers wait longer. Ask the customer to set a keyframe interval of 2 s.',
          },
          's',
          buckets('ingest_keyframe_interval_seconds'),
        ),
        heatmap(
          'Video frame interval',
          {
            shows: 'Mean interval between video frames of each publisher: 0.033 s is 30 fps.',
            act: 'An upward spread means that encoders drop frames: their machine or uplink is too slow.',
          },
          's',
          buckets('ingest_frame_interval_seconds', 'kind="video"'),
        ),
        timeseries(
          'Ingest throughput',
          {
            shows: 'Audio, video and data payload from all publishers.',
            act: 'It follows the number of publishers. Use it to size edges: docs/performance.md gives the capacity of one core.',
          },
          'Bps',
          [{ expr: rate('ingest_bytes_total', '', 'kind'), legend: '{{kind}}' }],
          { stacked: true, minimum: 0 },
        ),
        timeseries(
          'Frames received',
          {
            shows: 'Video frames, audio frames and data messages from all publishers.',
            act: 'If it falls while the number of publishers stays the same, encoders have stalled: see "Starvation".',
          },
          'ops',
          [{ expr: rate('ingest_messages_total', '', 'kind'), legend: '{{kind}}' }],
          { minimum: 0 },
        ),
        timeseries(
          'Starvation',
          {
            shows: 'Periods of 10 s without a frame on a track that had frames before.',
            act: 'The encoder or its uplink has stalled. If many stall at once, suspect the network in front of the edges.',
          },
          'ops',
          [{ expr: rate('ingest_starvation_total', '', 'kind'), legend: '{{kind}}' }],
          { minimum: 0, thresholds: [{ color: 'yellow', from: 0.1 }] },
        ),
        timeseries(
          'SRT packets',
          {
            shows:
              'What becomes of packets of SRT encoders: lost on the way, received again after they were asked for, dropped since they did not come in time; and of packets to players. Errors of continuity are of what encoders were given.',
            act: 'Lost packets are repaired within the latency. `dropped` damages pictures: raise `latency` in the encoder, to four times the round-trip time or more, or lower its bitrate. `undecryptable` above 0: its key refresh has failed.',
          },
          'ops',
          [
            { expr: rate('srt_packets_total', 'outcome!="received"', 'outcome'), legend: '{{outcome}}' },
            { expr: rate('srt_sent_packets_total', 'outcome!="sent"', 'outcome'), legend: 'to players: {{outcome}}' },
            { expr: rate('srt_continuity_errors_total'), legend: 'continuity errors' },
            { expr: rate('srt_damaged_packets_total'), legend: 'damaged MPEG-TS' },
          ],
          { minimum: 0 },
        ),
        timeseries(
          'SRT round-trip time',
          {
            shows: 'Round-trip time between SRT encoders, or players, and edges.',
            act: 'Packets are lost for good where the latency is less than about four times this. Check the way to the encoders, or raise their latency.',
          },
          's',
          spread('srt_rtt_seconds'),
          { minimum: 0 },
        ),
        timeseries(
          'Timestamp jumps and dropped messages',
          {
            shows: 'Jumps in encoder timestamps, and messages that were dropped, by reason.',
            act: 'Each jump is a discontinuity for viewers. `bad_configuration` and `malformed_frame` mean that the encoder is broken.',
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
            shows: 'Warnings sent to publishers: unsupported or unreadable tracks, streams without IDR pictures.',
            act: 'The codes are listed in docs/errors.md; the session’s `warnings` field names the codec.',
          },
          'ops',
          [{ expr: rate('ingest_warnings_total', '', 'code'), legend: '{{code}}' }],
          { minimum: 0 },
        ),
        timeseries(
          'Audio/video skew',
          {
            shows: 'Newest video timestamp minus newest audio timestamp of each publisher, 5th and 95th percentiles.',
            act: 'Viewers notice a skew of more than 0.25 s. It is set in the encoder, not on the server.',
          },
          's',
          [
            { expr: quantile(0.05, 'ingest_av_skew_seconds'), legend: 'p5' },
            { expr: quantile(0.95, 'ingest_av_skew_seconds'), legend: 'p95' },
          ],
          { thresholds: [{ color: 'yellow', from: 0.25 }] },
        ),
        timeseries(
          'Publish duration',
          {
            shows: 'How long encoders published: median and 10th percentile.',
            act: 'A median of a few seconds means that encoders keep reconnecting: see "Disconnects by reason".',
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
      title: 'Edge health',
      panels: [
        stat(
          'Draining',
          {
            shows: 'Edges that are draining.',
            act: 'Normal during a rollout. An edge that drains for a long time is waiting for its publishers: see the next panel.',
          },
          'none',
          [{ expr: max(series('ingest_draining'), 'pod'), legend: '{{pod}}' }],
          {
            words: { '0': { text: 'no', color: 'green' }, '1': { text: 'draining', color: 'yellow' } },
            thresholds: [{ color: 'yellow', from: 1 }],
          },
        ),
        timeseries(
          'Publishers on draining edges',
          {
            shows: 'Encoders still publishing to a draining edge.',
            act: 'They are disconnected when the drain period ends. To end it earlier, delete the pod.',
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
          'Backpressure on encoders',
          {
            shows: 'How often an edge stopped reading from an encoder because the bus was behind.',
            act: 'NATS is the bottleneck: see the dashboard "Bus".',
          },
          'ops',
          [{ expr: rate('ingest_backpressure_total', '', 'pod'), legend: '{{pod}}' }],
          { minimum: 0, thresholds: [{ color: 'yellow', from: 0.1 }] },
        ),
        timeseries(
          'Claim and control message failures',
          {
            shows: 'Failed claim renewals and releases, and undelivered control messages.',
            act: 'Claims are stored in Redis; messages go over NATS. Publishers continue, but once a claim has expired, another encoder may take over the stream.',
          },
          'ops',
          [
            { expr: rate('ingest_claim_renew_failures_total'), legend: 'renewals' },
            { expr: rate('ingest_claim_release_failures_total'), legend: 'releases' },
            { expr: rate('ingest_control_failures_total', '', 'subject'), legend: '{{subject}}' },
          ],
          { minimum: 0, thresholds: [{ color: 'yellow', from: 0.1 }] },
        ),
        timeseries(
          'Certificate reloads',
          {
            shows: 'How often the RTMPS certificate was reloaded, or failed to reload, in the last day.',
            act: '`failed`: the certificate and key in the Secret do not match or cannot be read. The old pair stays in use until it expires.',
          },
          'none',
          [{ expr: sum(`increase(${series('ingest_tls_reloads_total')}[1d])`, 'outcome'), legend: '{{outcome}}' }],
          { minimum: 0 },
        ),
      ],
    },
  ],
};
