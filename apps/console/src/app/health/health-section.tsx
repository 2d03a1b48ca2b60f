import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { HealthSeries } from '../api/resources.ts';
import { useResource } from '../api/use-resource.ts';
import { useSession } from '../session-context.tsx';
import { texts } from '../texts.ts';
import { Section } from '../ui/section.tsx';
import { Shown } from '../ui/shown.tsx';
import { HEALTH_GRAPHS } from './health-graphs.ts';
import { LineGraph } from './line-graph.tsx';

/** As often as there is a new sample. */
const POLL_MS = 5_000;
const MINUTE_MS = 60_000;

interface HealthSectionProps {
  readonly sessionId: string;
  readonly isLive: boolean;
}

/** What an encoder sends over time, and how many watch. */
export function HealthSection({ sessionId, isLive }: HealthSectionProps): JSX.Element {
  const { api } = useSession();
  const [minutes, setMinutes] = useState<string>(isLive ? texts.health.ranges[0][0] : '');
  const series = useResource(
    `${sessionId} ${minutes}`,
    () =>
      api.get<HealthSeries>(`/v1/sessions/${sessionId}/health`, {
        from: minutes === '' ? undefined : new Date(Date.now() - Number(minutes) * MINUTE_MS).toISOString(),
      }),
    isLive ? POLL_MS : undefined,
  );
  return (
    <Section
      title={texts.health.title}
      lead={texts.health.lead}
      actions={
        isLive && (
          <select
            aria-label={texts.health.range}
            value={minutes}
            onChange={({ currentTarget }) => setMinutes(currentTarget.value)}
          >
            {texts.health.ranges.map(([value, text]) => (
              <option key={value} value={value}>
                {text}
              </option>
            ))}
          </select>
        )
      }
    >
      <Shown loaded={series}>
        {(shown) =>
          shown.samples.length === 0 ? (
            <p class="panel muted">{isLive ? texts.health.empty : texts.health.none}</p>
          ) : (
            <div class="graphs">
              {HEALTH_GRAPHS.map((graph) => (
                <LineGraph key={graph.title} graph={graph} series={shown} />
              ))}
            </div>
          )
        }
      </Shown>
    </Section>
  );
}
