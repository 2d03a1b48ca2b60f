// The frame bus: publishing from edges, and how full the log is.
import { max, rate, ratio, series, spread, sum } from './expressions.ts';
import { stat, timeseries } from './panel.ts';
import type { Dashboard } from './panel.ts';

export const bus: Dashboard = {
  uid: 'millrace-bus',
  file: 'bus',
  title: 'Millrace / Bus',
  description:
    'NATS JetStream as seen by edges and packagers. Packagers report how full the log is, so no NATS exporter is needed.',
  rows: [
    {
      title: 'Frame log',
      panels: [
        timeseries(
          'Log size',
          {
            shows:
              'Size of the NATS memory streams that hold frames, and the limit at which the oldest frames are discarded, per shard.',
            act: 'At the limit the log holds less than a minute, so packagers that start or catch up may find gaps. Add memory and shards.',
          },
          'bytes',
          [
            { expr: max(series('bus_log_bytes'), 'shard'), legend: 'shard {{shard}}' },
            { expr: max(series('bus_log_limit_bytes'), 'shard'), legend: 'limit {{shard}}' },
          ],
          { minimum: 0 },
        ),
        timeseries(
          'Age of the oldest frame',
          {
            shows: 'Age of the oldest frame that NATS still holds; it keeps one minute.',
            act: 'Below 20 s, a packager failure may cause a gap: its replacement needs the frames since the last commit.',
          },
          's',
          [{ expr: max(series('bus_log_age_seconds'), 'shard'), legend: 'shard {{shard}}' }],
          { minimum: 0 },
        ),
        timeseries(
          'Messages in the log',
          {
            shows: 'Messages stored in NATS; each is a small batch of frames.',
            act: 'It follows the number of publishers. A drop to 0 while encoders are publishing means that NATS was restarted; edges resend uncommitted frames.',
          },
          'none',
          [{ expr: max(series('bus_log_messages'), 'shard'), legend: 'shard {{shard}}' }],
          { minimum: 0 },
        ),
        timeseries(
          'Log consumers',
          {
            shows: 'Consumers of the frame log: packagers that are catching up. The live feed does not use consumers.',
            act: 'Many over a long time mean that packagers keep restarting. See "Packaging starts and lost leases" on Packager and playback.',
          },
          'none',
          [{ expr: max(series('bus_log_readers'), 'shard'), legend: 'shard {{shard}}' }],
          { minimum: 0 },
        ),
        timeseries(
          'Log utilization',
          {
            shows: 'Bytes in the log as a fraction of its limit.',
            act: 'Above 80 %, a small increase in load makes the log shorter than a minute.',
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
          'NATS and Redis health',
          {
            shows: 'Whether services can reach NATS, Redis and their other dependencies; shows the worst pod.',
            act: 'Find the pod in "Dependency health" on Overview, and check whether NATS and Redis are up.',
          },
          'none',
          [{ expr: `min by (check) (${series('ready_check')})`, legend: '{{check}}' }],
          {
            base: 'red',
            thresholds: [{ color: 'green', from: 1 }],
            words: { '0': { text: 'down', color: 'red' }, '1': { text: 'ok', color: 'green' } },
          },
        ),
      ],
    },
    {
      title: 'Publishing from edges',
      panels: [
        timeseries(
          'Acknowledgement latency',
          {
            shows: 'Time from publishing a batch of frames until NATS acknowledges it.',
            act: 'Above 0.1 s, NATS is overloaded or its cluster is waiting for a slow member. Check its CPU and network.',
          },
          's',
          spread('bus_publish_seconds'),
          { minimum: 0, thresholds: [{ color: 'red', from: 0.25 }] },
        ),
        timeseries(
          'Unacknowledged bytes',
          {
            shows: 'Bytes that edges have sent and NATS has not acknowledged yet.',
            act: 'Above 8 MiB for one publisher, its edge stops reading from the encoder. Nothing is lost; the encoder waits.',
          },
          'bytes',
          [{ expr: sum(series('bus_inflight_bytes'), 'pod'), legend: '{{pod}}' }],
          { minimum: 0 },
        ),
        timeseries(
          'Publish retries',
          {
            shows: 'Batches of frames that were published again, by reason.',
            act: '`disconnected`: the connection to NATS broke. `timeout`: NATS did not respond. `refused`: see the log of the edge.',
          },
          'ops',
          [{ expr: rate('bus_publish_errors_total', '', 'reason'), legend: '{{reason}}' }],
          { minimum: 0, thresholds: [{ color: 'yellow', from: 0.1 }] },
        ),
        timeseries(
          'Dropped frames',
          {
            shows: 'Frames discarded before a packager had committed them.',
            act: '`over-limit`: NATS was down for longer than edges can buffer, and viewers see a gap. `publisher-closed`: an encoder disconnected while its stream had no packager.',
          },
          'ops',
          [{ expr: rate('bus_dropped_frames_total', '', 'reason'), legend: '{{reason}}' }],
          { minimum: 0, thresholds: [{ color: 'red', from: 0.1 }] },
        ),
        timeseries(
          'Uncommitted frame memory',
          {
            shows: 'Memory that each edge uses for uncommitted frames, as a fraction of its limit.',
            act: 'At 100 %, the oldest frames are discarded, but NATS still has them. Check that the streams have a packager and that it commits.',
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
