import type { JSX } from 'preact';
import type { TenantStream, NewStreamKey } from '../api/resources.ts';
import { navigate } from '../routing.tsx';
import { useSession } from '../session-context.tsx';
import { TenantField, tenantIn } from '../shell/tenant-field.tsx';
import { texts } from '../texts.ts';
import { FormDialog, textOf } from '../ui/dialog.tsx';
import { ChoiceField, TextField } from '../ui/field.tsx';
import { keepFreshKey } from './fresh-key.ts';

/** Creates a stream and its first key, and leads to its page, which says where to paste the key. */
export function CreateStreamDialog({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const { api, tenantId, may } = useSession();
  const create = async (fields: FormData): Promise<void> => {
    const stream = await api.post<TenantStream>('/v1/live_streams', {
      name: textOf(fields, 'name'),
      playback_policy: textOf(fields, 'playback_policy'),
      ...tenantIn(fields, tenantId),
    });
    if (may('stream_keys:write')) {
      const path = `/v1/live_streams/${stream.id}/stream_keys`;
      keepFreshKey(stream.id, await api.post<NewStreamKey>(path, { name: texts.streams.firstKeyName }));
    }
    navigate(`/streams/${stream.id}`);
  };
  return (
    <FormDialog title={texts.streams.createTitle} submitText={texts.common.create} onSubmit={create} onClose={onClose}>
      <TextField
        label={texts.common.name}
        name="name"
        hint={texts.streams.nameHint}
        maxLength={100}
        isRequired
        hasFocus
      />
      <ChoiceField
        label={texts.playback.policy}
        name="playback_policy"
        hint={texts.playback.policyHint}
        options={texts.playback.policyOptions}
      />
      <TenantField />
    </FormDialog>
  );
}
