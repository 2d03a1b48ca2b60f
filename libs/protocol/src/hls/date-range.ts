// RFC 8216 section 4.3.2.7 and draft-pantos-hls-rfc8216bis section 4.4.5.1: EXT-X-DATERANGE.
import type { AttributeList } from './attribute-list.ts';
import { AttributeWriter } from './attribute-list.ts';
import { isDateTime } from './date-time.ts';

/** What a range says in attributes of its own (`X-` names), or in those of SCTE-35. */
export type DateRangeValue =
  | { readonly quoted: string }
  | { readonly number: number }
  /** Without the `0x`. */
  | { readonly hexadecimal: string };

export interface DateRange {
  readonly id: string;
  readonly class?: string | undefined;
  /** Milliseconds since 1970. */
  readonly startDateMs: number;
  readonly endDateMs?: number | undefined;
  /** Seconds. */
  readonly duration?: number | undefined;
  readonly plannedDuration?: number | undefined;
  readonly endOnNext?: boolean | undefined;
  /** CUE: when to play what the range stands for, of PRE, POST and ONCE. */
  readonly cue?: readonly string[] | undefined;
  /** SCTE35-CMD, SCTE35-OUT, SCTE35-IN and names that begin with `X-`, in their order. */
  readonly attributes?: ReadonlyMap<string, DateRangeValue> | undefined;
}

const SCTE_35 = new Set(['SCTE35-CMD', 'SCTE35-OUT', 'SCTE35-IN']);
const CLIENT_ATTRIBUTE = /^X-[A-Z0-9-]+$/;
const CUES = new Set(['PRE', 'POST', 'ONCE']);
const HEXADECIMAL = /^[0-9A-Fa-f]+$/;

export function parseDateRange(list: AttributeList): DateRange {
  const attributes = new Map<string, DateRangeValue>();
  for (const name of list.names) if (isOwn(name)) attributes.set(name, valueOf(list, name));
  const range = {
    id: list.required('ID', list.quoted('ID')),
    class: list.quoted('CLASS'),
    startDateMs: list.required('START-DATE', dateOf(list, 'START-DATE')),
    endDateMs: dateOf(list, 'END-DATE'),
    duration: list.float('DURATION'),
    plannedDuration: list.float('PLANNED-DURATION'),
    ...(list.yes('END-ON-NEXT') ? { endOnNext: true } : {}),
    ...cueOf(list),
    ...(attributes.size === 0 ? {} : { attributes }),
  };
  if (range.endDateMs !== undefined && range.endDateMs < range.startDateMs)
    throw list.wrong('END-DATE before START-DATE');
  // "An EXT-X-DATERANGE tag with an END-ON-NEXT=YES attribute MUST have a CLASS attribute" and neither duration nor end.
  if (range.endOnNext === true) {
    list.required('CLASS', range.class);
    if (range.duration !== undefined || range.endDateMs !== undefined) throw list.wrong('END-ON-NEXT with an end');
  }
  return range;
}

const isOwn = (name: string): boolean => SCTE_35.has(name) || CLIENT_ATTRIBUTE.test(name);

function valueOf(list: AttributeList, name: string): DateRangeValue {
  if (!list.isPlain(name)) return { quoted: list.quoted(name) ?? '' };
  const text = list.enumerated(name) ?? '';
  if (/^0[xX]/.test(text)) {
    if (!HEXADECIMAL.test(text.slice(2))) throw list.wrong(`${name} has the wrong type`);
    return { hexadecimal: text.slice(2) };
  }
  return { number: list.required(name, list.signedFloat(name)) };
}

/** "It is an error ... to contain both PRE and POST". */
function cueOf(list: AttributeList): Pick<DateRange, 'cue'> {
  const cue = list.quoted('CUE')?.split(',');
  if (cue === undefined) return {};
  if (!cue.every((word) => CUES.has(word)) || new Set(cue).size < cue.length) throw list.wrong('unknown CUE');
  if (cue.includes('PRE') && cue.includes('POST')) throw list.wrong('CUE with PRE and POST');
  return { cue };
}

function dateOf(list: AttributeList, name: string): number | undefined {
  const text = list.quoted(name);
  if (text === undefined) return undefined;
  if (!isDateTime(text)) throw list.wrong(`${name} is no date`);
  return Date.parse(text);
}

/** @throws PlaylistError when a value would break out of its place; RangeError for a name or a number that no list can hold */
export function formatDateRange(range: DateRange): string {
  const list = new AttributeWriter()
    .quoted('ID', range.id)
    .quoted('CLASS', range.class)
    .quoted('START-DATE', new Date(range.startDateMs).toISOString())
    .quoted('END-DATE', range.endDateMs === undefined ? undefined : new Date(range.endDateMs).toISOString())
    .float('DURATION', range.duration)
    .float('PLANNED-DURATION', range.plannedDuration)
    .quoted('CUE', range.cue?.join(','));
  for (const [name, value] of range.attributes ?? []) {
    if (!isOwn(name)) throw new RangeError('not the name of an attribute of a date range');
    if ('quoted' in value) list.quoted(name, value.quoted);
    else if ('number' in value) list.float(name, value.number);
    else if (HEXADECIMAL.test(value.hexadecimal)) list.enumerated(name, `0x${value.hexadecimal}`);
    else throw new RangeError(`${name} is not hexadecimal`);
  }
  return `#EXT-X-DATERANGE:${list.yes('END-ON-NEXT', range.endOnNext === true).toString()}`;
}
