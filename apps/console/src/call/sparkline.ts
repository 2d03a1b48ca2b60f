/** The newest `capacity` values. */
export class History {
  readonly #values: number[] = [];
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get values(): readonly number[] {
    return this.#values;
  }

  push(value: number): void {
    this.#values.push(value);
    if (this.#values.length > this.#capacity) this.#values.shift();
  }
}

/**
 * The points of an SVG polyline that ends at the right edge.
 * @param top the value at the upper edge
 * @param slots how many values fill the width
 */
export function sparkline(
  values: readonly number[],
  top: number,
  { width, height, slots }: { readonly width: number; readonly height: number; readonly slots: number },
): string {
  const step = width / Math.max(1, slots - 1);
  return values
    .map((value, i) => {
      const x = width - (values.length - 1 - i) * step;
      const y = height - (top <= 0 ? 0 : Math.min(1, value / top) * height);
      return `${round(x)},${round(y)}`;
    })
    .join(' ');
}

const round = (value: number): number => Math.round(value * 10) / 10;
