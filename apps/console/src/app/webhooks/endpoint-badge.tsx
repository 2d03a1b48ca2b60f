import type { JSX } from 'preact';
import type { WebhookEndpoint } from '../api/resources.ts';
import { texts } from '../texts.ts';
import { Badge } from '../ui/badge.tsx';

export function EndpointBadge({ endpoint }: { readonly endpoint: WebhookEndpoint }): JSX.Element {
  if (!endpoint.enabled)
    return (
      <Badge tone={endpoint.disabled_reason === 'request' ? 'neutral' : 'danger'}>{texts.webhooks.disabled}</Badge>
    );
  if (endpoint.failing_since !== null) return <Badge tone="danger">{texts.webhooks.failing}</Badge>;
  return <Badge tone="good">{texts.webhooks.enabled}</Badge>;
}
