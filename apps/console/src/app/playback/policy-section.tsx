import type { JSX } from 'preact';
import type { Tenant } from '../api/resources.ts';
import { useResource } from '../api/use-resource.ts';
import { useSession } from '../session-context.tsx';
import { texts } from '../texts.ts';
import { ActionButton } from '../ui/action-button.tsx';
import { Section } from '../ui/section.tsx';
import { Shown } from '../ui/shown.tsx';

/** Whether the tenant may have links that play for everyone. */
export function PolicySection(): JSX.Element | null {
  const { api, tenantId, may } = useSession();
  const path = tenantId === undefined ? undefined : `/v1/tenants/${tenantId}`;
  const tenant = useResource(path, (asked) => api.get<Tenant>(asked));
  if (path === undefined) return null;
  return (
    <Section title={texts.policy.title}>
      <Shown loaded={tenant}>
        {({ require_signed_playback: isStrict }) => (
          <div class="panel stack">
            <p>{isStrict ? texts.policy.signedOnly : texts.policy.publicAllowed}</p>
            {may('tenant:write') && (
              <div class="actions">
                <ActionButton
                  action={async () => {
                    await api.patch(path, { require_signed_playback: !isStrict });
                    await tenant.reload();
                  }}
                >
                  {isStrict ? texts.policy.allowPublic : texts.policy.requireSigned}
                </ActionButton>
              </div>
            )}
          </div>
        )}
      </Shown>
    </Section>
  );
}
