/** For `@EventPattern(subject, TO_ALL)`: the event reaches every server, also those that share the other messages of their queue. */
export const TO_ALL = { queue: '' } as const;
