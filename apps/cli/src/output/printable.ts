// Text from elsewhere on a terminal: nothing in it moves the cursor, changes a colour or begins a line.

const CONTROLS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Control characters as escapes. */
export const printable = (text: string): string =>
  text.replace(CONTROLS, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);

/** JSON in which the characters that JSON leaves alone, and terminals obey, are escaped too: the value stays the same. */
export const printableJson = (value: unknown, indent?: number): string =>
  JSON.stringify(value, null, indent).replace(
    /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
