import type { JSX } from 'preact';
import type { WebhookEndpoint } from '../api/resources.ts';
import { texts } from '../texts.ts';
import { textOf } from '../ui/dialog.tsx';
import { ChecksField, TextField } from '../ui/field.tsx';
import { describeFilters } from './event-filters.ts';

const RESOURCES = Object.keys(texts.webhooks.ofResource).map((resource) => `${resource}.*`);

/** Where events go, and which. `endpointIn` reads the answers. */
export function EndpointFields({ endpoint }: { readonly endpoint?: WebhookEndpoint }): JSX.Element {
  // Single types, which another client has chosen, stay as they are.
  const others = (endpoint?.events ?? []).filter((filter) => filter !== '*' && !RESOURCES.includes(filter));
  return (
    <>
      <TextField
        label={texts.webhooks.url}
        name="url"
        type="url"
        hint={texts.webhooks.urlHint}
        placeholder="https://example.com/millrace"
        {...(endpoint !== undefined && { value: endpoint.url })}
        isRequired
        hasFocus
      />
      <TextField
        label={texts.webhooks.description}
        name="description"
        maxLength={200}
        {...(endpoint !== undefined && { value: endpoint.description })}
      />
      <ChecksField
        label={texts.webhooks.events}
        name="events"
        checked={endpoint?.events ?? ['*']}
        options={['*', ...RESOURCES, ...others].map((filter) => [filter, describeFilters([filter])] as const)}
      />
    </>
  );
}

export function endpointIn(fields: FormData): object {
  const chosen = fields.getAll('events').map(String);
  return {
    url: textOf(fields, 'url'),
    description: textOf(fields, 'description'),
    events: chosen.includes('*') || chosen.length === 0 ? ['*'] : chosen,
  };
}
