/** The first avoided word of a text, or undefined. */
export function avoidedWord(text: string): string | undefined;
