// The frame bus: what edges send to it, how full its log is.
import { max, rate, ratio, series, spread, sum } from './expressions.ts';
import { stat, timeseries, type Dashboard } from './panel.ts';

export const bus: Dashboard = {
  uid: 'millrace-bus',
  file: 'bus',
  title: 'Millrace / Bus',
  description:
    'NATS JetStream as edges and packagers see it. Packagers read how full it is, so no NATS exporter is needed.',
  rows: [
    {
      title: 'The frame log in NATS',
      panels: [
        timeseries(
          'Bytes in the log',
          {
            shows:
              'Bytes of frames in the memory streams of NATS, and the limit at which the oldest are discarded (per shard).',
            act: 'At the limit the log holds less than a minute: packagers that start or catch up may find gaps. Use more shards on more memory.',
          },
          'bytes',
          [
            { expr: max(series('bus_log_bytes'), 'shard'), legend: 'shard {{shard}}' },
            { expr: max(series('bus_log_limit_bytes'), 'shard'), legend: 'limit {{shard}}' },
          ],
          { minimum: 0 },
        ),
        timeseries(
          'How far back the log reaches',
          {
            shows: 'Age of the oldest frame that NATS still holds; it keeps one minute.',
            act: 'Below 20 s, a packager that dies may leave a gap: the next one needs the frames since the last commit.',
          },
          's',
          [{ expr: max(series('bus_log_age_seconds'), 'shard'), legend: 'shard {{shard}}' }],
          { minimum: 0 },
        ),
        timeseries(
          'Messages in the log',
          {
            shows: 'Messages that NATS holds: small batches of frames.',
            act: 'It follows the number of publishers. A drop to 0 while encoders publish: NATS was restarted, and edges resend what is not committed.',
          },
          'none',
          [{ expr: max(series('bus_log_messages'), 'shard'), legend: 'shard {{shard}}' }],
          { minimum: 0 },
        ),
        timeseries(
          'Readers of the log',
          {
            shows: 'Consumers of the frame log: packagers that are catching up. The live feed needs none.',
            act: 'Many for a long time: packagers that keep restarting. See "Starts and lost leases" on Packager and playback.',
          },
          'none',
          [{ expr: max(series('bus_log_readers'), 'shard'), legend: 'shard {{shard}}' }],
          { minimum: 0 },
        ),
        timeseries(
          'Log in use',
          {
            shows: 'Bytes in the log as a fraction of its limit.',
            act: 'Above 80 % a little more load makes the log shorter than a minute.',
          },
          'percentunit',
          [
            {
              expr: ratio(max(series('bus_log_bytes'), 'shard'), max(series('bus_log_limit_bytes'), 'shard')),
              legend: 'shard {{shard}}',
            },
          ],
          { minimum: 0, maximum: 1, thresholds: [{ color: 'red', from: 0.8 }] },
        ),
        stat(
          'NATS and Redis as services see them',
          {
            shows: 'Whether each service can reach its dependencies; the worst pod counts.',
            act: 'See which pod it is in "What services need" on Overview, and whether NATS or Redis is up.',
          },
          'none',
          [{ expr: `min by (check) (${series('ready_check')})`, legend: '{{check}}' }],
          {
            base: 'red',
            thresholds: [{ color: 'green', from: 1 }],
            words: { '0': { text: 'away', color: 'red' }, '1': { text: 'ok', color: 'green' } },
          },
        ),
      ],
    },
    {
      title: 'What edges send',
      panels: [
        timeseries(
          'Time to be confirmed',
          {
            shows: 'Time from sending a batch of frames until NATS confirms it.',
            act: 'Above 0.1 s NATS is busy, or its cluster waits for a slow member: see its CPU and network.',
          },
          's',
          spread('bus_publish_seconds'),
          { minimum: 0, thresholds: [{ color: 'red', from: 0.25 }] },
        ),
        timeseries(
          'Not confirmed',
          {
            shows: 'Bytes that edges have sent and NATS has not confirmed yet.',
            act: 'Above 8 MiB for one publisher, its edge stops reading from the encoder; nothing is lost, the encoder waits.',
          },
          'bytes',
          [{ expr: sum(series('bus_inflight_bytes'), 'pod'), legend: '{{pod}}' }],
          { minimum: 0 },
        ),
        timeseries(
          'Sent again',
          {
            shows: 'Batches that had to be sent again, by reason.',
            act: '`disconnected` is a connection that broke. `timeout` is a NATS that does not answer. `refused`: see the log of the edge.',
          },
          'ops',
          [{ expr: rate('bus_publish_errors_total', '', 'reason'), legend: '{{reason}}' }],
          { minimum: 0, thresholds: [{ color: 'yellow', from: 0.1 }] },
        ),
        timeseries(
          'Frames lost',
          {
            shows: 'Frames discarded before a packager had committed them.',
            act: '`over-limit`: NATS was away for longer than edges can keep. Viewers see a gap. `publisher-closed` after an encoder left: its stream has no packager.',
          },
          'ops',
          [{ expr: rate('bus_dropped_frames_total', '', 'reason'), legend: '{{reason}}' }],
          { minimum: 0, thresholds: [{ color: 'red', from: 0.1 }] },
        ),
        timeseries(
          'Kept until committed',
          {
            shows: 'Memory that each edge uses for uncommitted frames, as a fraction of its limit.',
            act: 'At 100 % the oldest are discarded; NATS still has them. Is there a packager, and does it commit?',
          },
          'percentunit',
          [
            {
              expr: `${sum(series('bus_retained_bytes'), 'pod')} / ${sum(series('bus_retained_limit_bytes'), 'pod')}`,
              legend: '{{pod}}',
            },
          ],
          { minimum: 0, thresholds: [{ color: 'yellow', from: 0.8 }] },
        ),
      ],
    },
  ],
};
