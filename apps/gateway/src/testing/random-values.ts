// Values for requests, from a schema of the OpenAPI document: most of them fit, some do not. The same seed makes the same values.
import type { OpenAPIObject } from '@nestjs/swagger';

export interface ValueSchema {
  readonly $ref?: string;
  readonly allOf?: readonly ValueSchema[];
  readonly anyOf?: readonly ValueSchema[];
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly format?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, ValueSchema>>;
  readonly required?: readonly string[];
  readonly items?: ValueSchema;
}

/** What is wrong for most fields. */
const ODD_VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e300,
  Number.MAX_SAFE_INTEGER,
  '',
  ' ',
  '\u0000',
  '\ud800',
  '\u202e‮evil',
  "'; DROP TABLE tenants; --",
  '../../etc/passwd',
  'x'.repeat(5_000),
  '2026-13-45T99:99:99Z',
  '-271821-04-20T00:00:00Z',
  '9999-12-31T23:59:59.999999999Z',
  [],
  [null],
  {},
  { constructor: 1 },
  [[[[]]]],
];
const ODD_PART = 0.12;
const OPTIONAL_PART = 0.5;

/** Mulberry32. */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export class RandomValues {
  readonly #document: OpenAPIObject;
  readonly #ids: ReadonlyMap<string, readonly string[]>;
  readonly #random: () => number;

  /** @param ids ids that exist, by their prefix */
  constructor(document: OpenAPIObject, ids: readonly string[], random: () => number) {
    this.#document = document;
    this.#ids = Map.groupBy(ids, (id) => id.split('_', 1)[0] ?? '');
    this.#random = random;
  }

  chance(part: number): boolean {
    return this.#random() < part;
  }

  oneOf<T>(values: readonly T[]): T {
    const value = values[Math.floor(this.#random() * values.length)];
    if (value === undefined) throw new RangeError('nothing to choose from');
    return value;
  }

  odd(): unknown {
    return this.oneOf(ODD_VALUES.filter((value) => value !== undefined)) ?? null;
  }

  /** @param exact whether nothing odd may be in it */
  value(schema: ValueSchema, exact = false): unknown {
    if (!exact && this.chance(ODD_PART)) return ODD_VALUES[Math.floor(this.#random() * ODD_VALUES.length)];
    if (schema.$ref !== undefined) {
      const name = schema.$ref.replace('#/components/schemas/', '');
      return this.value(this.#document.components?.schemas?.[name] as ValueSchema, exact);
    }
    const [all] = schema.allOf ?? [];
    if (all !== undefined) return this.value(all, exact);
    if (schema.anyOf !== undefined) return this.value(this.oneOf(schema.anyOf), exact);
    if (schema.enum !== undefined) return this.oneOf(schema.enum);
    const types = [schema.type ?? 'object'].flat();
    return this.#ofType(this.oneOf(types), schema, exact);
  }

  #ofType(type: string, schema: ValueSchema, exact: boolean): unknown {
    const { minimum = 0, maximum = 1_000, minItems = 0, maxItems = 3 } = schema;
    if (type === 'boolean') return this.chance(0.5);
    if (type === 'integer')
      return Math.floor(minimum + this.#random() * (Math.min(maximum, minimum + 1_000) - minimum));
    if (type === 'number') return minimum + this.#random() * (Math.min(maximum, minimum + 1_000) - minimum);
    if (type === 'array') {
      const count = Math.max(minItems, Math.floor(this.#random() * (Math.min(maxItems, 3) + 1)));
      return Array.from({ length: count }, () => this.value(schema.items ?? {}, exact));
    }
    if (type === 'object') return this.#object(schema, exact);
    return type === 'string' ? this.text(schema) : null;
  }

  #object({ properties = {}, required = [] }: ValueSchema, exact: boolean): object {
    const fields = Object.entries(properties).filter(([name]) =>
      required.includes(name) ? exact || !this.chance(ODD_PART / 4) : this.chance(OPTIONAL_PART),
    );
    const made = fields.map(([name, schema]): [string, unknown] => [name, this.value(schema, exact)]);
    if (!exact && this.chance(ODD_PART / 4)) made.push(['unknown_field', this.odd()]);
    return Object.fromEntries(made);
  }

  text({ format, pattern = '', minLength = 0, maxLength = 20 }: ValueSchema): string {
    const prefix = /^\^\(?([a-z]+)_\[/.exec(pattern)?.[1];
    if (prefix !== undefined) {
      const known = this.#ids.get(prefix) ?? [];
      return known.length > 0 && this.chance(0.8) ? this.oneOf(known) : `${prefix}_${'0'.repeat(26)}`;
    }
    if (format === 'date-time') return this.oneOf(['2026-01-01T00:00:00Z', '2099-01-01T00:00:00+02:00']);
    const word = this.oneOf([
      'walk',
      'Ünïcode 🎥',
      'a b',
      '*',
      'live_streams:read',
      'http://127.0.0.1:1/hook',
      'https://x.invalid/',
      '192.0.2.0/24',
    ]);
    return word.padEnd(minLength, 'x').slice(0, Math.max(minLength, maxLength));
  }
}
