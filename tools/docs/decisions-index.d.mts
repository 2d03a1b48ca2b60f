/** The index as it should be. */
export function decisionsIndex(): string;
