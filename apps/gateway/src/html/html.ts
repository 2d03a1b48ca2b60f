// Pages as template literals: every value is escaped unless it says that it is HTML already.

class RawHtml {
  constructor(readonly text: string) {}
}

/** Text that is HTML already, such as the result of another template. */
export const raw = (text: string): RawHtml => new RawHtml(text);

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escape = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => ESCAPES[character] ?? character);

export function html(parts: TemplateStringsArray, ...values: readonly (string | RawHtml)[]): string {
  return parts.reduce((page, part, i) => {
    const value = values[i - 1] ?? '';
    return page + (value instanceof RawHtml ? value.text : escape(value)) + part;
  });
}
