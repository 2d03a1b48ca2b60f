import { textOf } from './dialog.tsx';

/** A time that a person entered in this browser's time zone, as the API wants it. null: none was entered. */
export function timeIn(fields: FormData, name: string): string | null {
  const text = textOf(fields, name);
  return text === '' ? null : new Date(text).toISOString();
}
