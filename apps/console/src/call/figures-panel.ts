// Draws how the connection to each person is doing: bitrate, round-trip time, loss, and the way it takes.
import type { LinkStats } from '@millrace/rooms-client';
import { create } from '../page/element.ts';
import { formatBitrate, formatMilliseconds, formatPercent } from './call-figures.ts';
import { routeWords } from './call-words.ts';
import { History, sparkline } from './sparkline.ts';

const SLOTS = 60;
const SIZE = { width: 240, height: 48, slots: SLOTS };
const SVG = 'http://www.w3.org/2000/svg';
/** A quiet line is not blown up to a wild one. */
const LEAST_TOP_BITS_PER_SECOND = 200_000;

const FIGURES = ['route', 'received', 'sent', 'round-trip', 'loss', 'picture'] as const;
type Figure = (typeof FIGURES)[number];
const LABELS: Readonly<Record<Figure, string>> = {
  route: 'Route',
  received: 'Received',
  sent: 'Sent',
  'round-trip': 'Round trip',
  loss: 'Loss, in / out',
  picture: 'Picture',
};

class PersonFigures {
  readonly section = create('section', 'figures-person');
  readonly #heading = create('h3');
  readonly #values: Readonly<Record<Figure, HTMLElement>>;
  readonly #received = new History(SLOTS);
  readonly #sent = new History(SLOTS);
  readonly #receivedLine = document.createElementNS(SVG, 'polyline');
  readonly #sentLine = document.createElementNS(SVG, 'polyline');
  readonly #chart = document.createElementNS(SVG, 'svg');

  constructor() {
    const list = create('dl');
    const values = FIGURES.map((figure) => {
      const value = create('dd', '', '–');
      value.dataset['figure'] = figure;
      list.append(create('dt', '', LABELS[figure]), value);
      return [figure, value] as const;
    });
    this.#values = Object.fromEntries(values) as Record<Figure, HTMLElement>;
    this.#chart.setAttribute('viewBox', `0 0 ${SIZE.width} ${SIZE.height}`);
    this.#chart.setAttribute('preserveAspectRatio', 'none');
    this.#chart.setAttribute('role', 'img');
    this.#receivedLine.setAttribute('class', 'line-received');
    this.#sentLine.setAttribute('class', 'line-sent');
    this.#chart.append(this.#sentLine, this.#receivedLine);
    this.section.append(this.#heading, this.#chart, list);
  }

  show(name: string, { path, received, sent }: LinkStats): void {
    this.#heading.textContent = name;
    this.#received.push(received.bitsPerSecond);
    this.#sent.push(sent.bitsPerSecond);
    const top = Math.max(LEAST_TOP_BITS_PER_SECOND, ...this.#received.values, ...this.#sent.values);
    this.#receivedLine.setAttribute('points', sparkline(this.#received.values, top, SIZE));
    this.#sentLine.setAttribute('points', sparkline(this.#sent.values, top, SIZE));
    const [inWords, outWords] = [formatBitrate(received.bitsPerSecond), formatBitrate(sent.bitsPerSecond)];
    this.#chart.setAttribute('aria-label', `The last minute: now ${inWords} received, ${outWords} sent`);
    const texts: Readonly<Record<Figure, string>> = {
      route: routeWords(path),
      received: inWords,
      sent: outWords,
      'round-trip': formatMilliseconds(path?.roundTripMs),
      loss: `${formatPercent(received.lossPercent)} / ${formatPercent(sent.lossPercent)}`,
      picture:
        received.width === 0
          ? 'none'
          : `${received.width} × ${received.height}, ${Math.round(received.framesPerSecond)} fps`,
    };
    for (const figure of FIGURES) this.#values[figure].textContent = texts[figure];
  }
}

export class FiguresPanel {
  readonly #container: HTMLElement;
  readonly #people = new Map<string, PersonFigures>();

  constructor(container: HTMLElement) {
    this.#container = container;
  }

  show(stats: ReadonlyMap<string, LinkStats>, nameOf: (participantId: string) => string): void {
    for (const [id, person] of this.#people) {
      if (stats.has(id)) continue;
      person.section.remove();
      this.#people.delete(id);
    }
    for (const [id, linkStats] of stats) {
      let person = this.#people.get(id);
      if (person === undefined) {
        person = new PersonFigures();
        this.#people.set(id, person);
        this.#container.append(person.section);
      }
      person.show(nameOf(id), linkStats);
    }
    this.#container.toggleAttribute('data-empty', stats.size === 0);
  }
}
