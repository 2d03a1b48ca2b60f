// The containers that segments can have.
import type { Container } from './container.ts';
import { mpegts } from './mpegts.ts';

/** A table of containers. */
export class Containers {
  /** Of streams of which nothing is committed yet. */
  readonly first: Container;
  readonly #byName: ReadonlyMap<string, Container>;

  /** @param others those in which streams may go on */
  constructor(first: Container, ...others: readonly Container[]) {
    this.first = first;
    this.#byName = new Map([first, ...others].map((container) => [container.name, container]));
  }

  /** @returns undefined for a name that a newer release may have written */
  find(name: string): Container | undefined {
    return this.#byName.get(name);
  }

  /** @throws Error for a container that is not in the table */
  get(name: string): Container {
    const container = this.find(name);
    if (container === undefined) throw new Error(`there is no container ${name}`);
    return container;
  }
}

export const CONTAINERS = new Containers(mpegts);
