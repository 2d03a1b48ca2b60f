// Which refusals pass by themselves, so that the client asks again, and which do not.

const PASSING = ['draining', 'unavailable', 'rate_limited', 'timeout'] as const;

export const isPassing = (code: string): boolean => (PASSING as readonly string[]).includes(code);
