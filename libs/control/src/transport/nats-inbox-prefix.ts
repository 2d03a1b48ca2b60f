// Where a service hears answers: under a name of its own, so that permissions can keep other services from listening.

/** What subjects of answers to a service begin with. */
export const natsInboxPrefix = (service: string): string => `_INBOX.${service}`;
