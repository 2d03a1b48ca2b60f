// Ports as operators write them: `7882`, or `10000-10100`.

export interface PortRange {
  readonly first: number;
  readonly last: number;
}

const FORM = /^(\d{1,5})(?:-(\d{1,5}))?$/;
const MAX_PORT = 65_535;

/** @returns undefined when the text is none */
export function parsePortRange(text: string): PortRange | undefined {
  const [, from, to] = FORM.exec(text) ?? [];
  const first = Number(from);
  const last = to === undefined ? first : Number(to);
  return first > 0 && first <= last && last <= MAX_PORT ? { first, last } : undefined;
}

export const isPortIn = ({ first, last }: PortRange, port: number): boolean => port >= first && port <= last;
