// draft-pantos-hls-rfc8216bis section 4.4.2.3: EXT-X-DEFINE, a variable of the playlist. References to it (section 4.3) are left as they are.
import type { AttributeList } from './attribute-list.ts';
import { AttributeWriter } from './attribute-list.ts';
import { PlaylistError } from './playlist-error.ts';

export type Define =
  | { readonly name: string; readonly value: string }
  /** As the multivariant playlist has it that this media playlist is of. */
  | { readonly import: string }
  /** As the query of this playlist's URL has it. */
  | { readonly queryParam: string };

/** EXT-X-VERSION that lists with variables need (section 8). */
export const DEFINE_VERSION = 8;
export const QUERY_PARAM_VERSION = 11;

const NAME = /^[A-Za-z0-9_-]+$/;

export const nameOfDefine = (define: Define): string =>
  'name' in define ? define.name : 'import' in define ? define.import : define.queryParam;

/** @param names of the playlist so far, to which this one is added: "MUST NOT specify the same Variable Name as any other" */
export function parseDefine(list: AttributeList, names: Set<string>): Define {
  const name = list.quoted('NAME');
  const from = list.quoted('IMPORT');
  const queryParam = list.quoted('QUERYPARAM');
  const given = [name, from, queryParam].filter((each) => each !== undefined);
  // "An EXT-X-DEFINE tag MUST contain either a NAME, an IMPORT, or a QUERYPARAM attribute, but only one of the three."
  if (given.length !== 1) throw list.wrong('one of NAME, IMPORT and QUERYPARAM');
  if (!NAME.test(given[0]!)) throw list.wrong('not the name of a variable');
  if (names.has(given[0]!)) throw list.wrong('a variable that is defined twice');
  names.add(given[0]!);
  if (name !== undefined) return { name, value: list.required('VALUE', list.quoted('VALUE')) };
  if (from !== undefined) return { import: from };
  return { queryParam: given[0]! };
}

/** @throws PlaylistError for a name that no variable can have, or a value that would break out of its place */
export function formatDefine(define: Define): string {
  const name = nameOfDefine(define);
  if (!NAME.test(name)) throw new PlaylistError('format.define', 'hls/define', 0, 'not the name of a variable');
  const list = new AttributeWriter();
  if ('name' in define) list.quoted('NAME', name).quoted('VALUE', define.value);
  else list.quoted('import' in define ? 'IMPORT' : 'QUERYPARAM', name);
  return `#EXT-X-DEFINE:${list.toString()}`;
}
