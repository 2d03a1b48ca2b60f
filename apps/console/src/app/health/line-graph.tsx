import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import UPlot from 'uplot';
import type { HealthSeries } from '../api/resources.ts';
import { describeGraph, latestOf } from './health-graphs.ts';
import type { HealthGraph } from './health-graphs.ts';

const HEIGHT = 150;
const AXIS_FONT = '12px system-ui, sans-serif';
const LINE_WIDTH = 2;
/** Two such steps without a sample are a time without an encoder: the line is broken there. */
const GAP_STEPS = 2;

interface LineGraphProps {
  readonly graph: HealthGraph;
  readonly series: HealthSeries;
}

/** One graph, with its newest values above it. */
export function LineGraph({ graph, series }: LineGraphProps): JSX.Element {
  const { samples } = series;
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot>(null);

  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const made = new UPlot(optionsOf(graph, element.clientWidth), [[], ...graph.lines.map(() => [])], element);
    plot.current = made;
    const resize = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    resize.observe(element);
    return () => {
      resize.disconnect();
      made.destroy();
    };
  }, [graph]);
  useEffect(() => {
    plot.current?.setData(dataOf(graph, series));
  }, [graph, series]);

  return (
    <figure class="graph panel">
      <figcaption>
        <span>{graph.title}</span>
        <span class="values">
          {graph.lines.map((line) => (
            <span key={line.title}>
              {graph.lines.length > 1 && <i class={`swatch ${line.color.slice(2)}`} title={line.title} />}
              {graph.lines.length > 1 && <span class="small muted">{line.title} </span>}
              <strong>{latestOf(line, samples)?.toFixed(graph.digits) ?? '–'}</strong>
            </span>
          ))}
        </span>
      </figcaption>
      <div ref={place} role="img" aria-label={describeGraph(graph, samples)} />
    </figure>
  );
}

const colorOf = (property: string): string => getComputedStyle(document.documentElement).getPropertyValue(property);

function optionsOf({ lines, digits }: HealthGraph, width: number): UPlot.Options {
  const axis: UPlot.Axis = {
    // Asked when it draws, so that a change of the theme is seen.
    stroke: () => colorOf('--muted'),
    grid: { stroke: () => colorOf('--line'), width: 1 },
    ticks: { show: false },
    font: AXIS_FONT,
  };
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false },
    scales: { y: { range: (_plot, low, high) => rangeOf(low, high) } },
    axes: [
      {
        ...axis,
        space: 80,
        size: 28,
        values: (_plot, times, _axis, _space, stepS) => times.map((time) => writeClock(time, stepS)),
      },
      { ...axis, size: 52, space: 26, values: (_plot, values) => values.map((value) => writeTick(value, digits)) },
    ],
    series: [
      {},
      ...lines.map(({ color }) => ({
        stroke: () => colorOf(color),
        width: LINE_WIDTH,
        points: { show: false },
      })),
    ],
  };
}

/** From zero, where no value is below: small changes of a large number then look small. */
function rangeOf(low: number | null, high: number | null): [number, number] {
  const top = Math.max(high ?? 0, 1);
  const bottom = Math.min(low ?? 0, 0);
  const room = (top - bottom) * 0.1;
  return [bottom === 0 ? 0 : bottom - room, top + room];
}

const CLOCK = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
const clock = new Intl.DateTimeFormat('en', CLOCK);
const fineClock = new Intl.DateTimeFormat('en', { ...CLOCK, second: '2-digit' });

/** @param stepSeconds between two labels: within a minute they need seconds */
const writeClock = (seconds: number, stepSeconds: number): string =>
  (stepSeconds < 60 ? fineClock : clock).format(seconds * 1_000);

const writeTick = (value: number, digits: number): string =>
  Number.isInteger(value) ? value.toLocaleString('en') : value.toFixed(Math.max(digits, 1));

function dataOf({ lines }: HealthGraph, { samples, step_seconds: stepS }: HealthSeries): UPlot.AlignedData {
  const times: number[] = [];
  const values: (number | null)[][] = lines.map(() => []);
  for (const sample of samples) {
    const atS = Date.parse(sample.at) / 1_000;
    const before = times.at(-1);
    if (before !== undefined && atS - before > stepS * GAP_STEPS) {
      times.push(before + stepS);
      for (const line of values) line.push(null);
    }
    times.push(atS);
    for (const [i, { valueOf }] of lines.entries()) values[i]?.push(valueOf(sample));
  }
  return [times, ...values];
}
