/** Crockford's base 32, as `newId` writes it. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const TIME_CHARACTERS = 10;

/** When an identifier was made, in milliseconds since 1970: its first ten characters say so. */
export function timeOfId(id: string): number {
  const start = id.indexOf('_') + 1;
  let time = 0;
  for (const character of id.slice(start, start + TIME_CHARACTERS)) time = time * 32 + ALPHABET.indexOf(character);
  return time;
}
