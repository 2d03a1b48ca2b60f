import type { JSX } from 'preact';
import type { TenantStream } from '../api/resources.ts';
import { useSession } from '../session-context.tsx';
import { texts } from '../texts.ts';
import { FormDialog, textOf } from '../ui/dialog.tsx';
import { ChoiceField, TextField } from '../ui/field.tsx';

interface EditStreamDialogProps {
  readonly stream: TenantStream;
  readonly onSaved: () => Promise<void>;
  readonly onClose: () => void;
}

export function EditStreamDialog({ stream, onSaved, onClose }: EditStreamDialogProps): JSX.Element {
  const { api } = useSession();
  const save = async (fields: FormData): Promise<void> => {
    await api.patch(`/v1/live_streams/${stream.id}`, {
      name: textOf(fields, 'name'),
      segment_target_seconds: Number(textOf(fields, 'segment_target_seconds')),
      playlist_window_seconds: Number(textOf(fields, 'playlist_window_seconds')),
      reconnect_window_seconds: Number(textOf(fields, 'reconnect_window_seconds')),
      latency_mode: textOf(fields, 'latency_mode'),
      second_publisher: textOf(fields, 'second_publisher'),
    });
    await onSaved();
  };
  return (
    <FormDialog title={texts.stream.editTitle} submitText={texts.common.save} onSubmit={save} onClose={onClose}>
      <TextField label={texts.common.name} name="name" value={stream.name} maxLength={100} isRequired hasFocus />
      <TextField
        label={texts.stream.segmentTarget}
        name="segment_target_seconds"
        type="number"
        step="any"
        value={String(stream.segment_target_seconds)}
        hint={texts.stream.segmentTargetHint}
        isRequired
      />
      <TextField
        label={texts.stream.window}
        name="playlist_window_seconds"
        type="number"
        value={String(stream.playlist_window_seconds)}
        hint={texts.stream.windowHint}
        isRequired
      />
      <TextField
        label={texts.stream.reconnectWindow}
        name="reconnect_window_seconds"
        type="number"
        step="any"
        value={String(stream.reconnect_window_seconds)}
        hint={texts.stream.reconnectWindowHint}
        isRequired
      />
      <ChoiceField
        label={texts.stream.latency}
        name="latency_mode"
        value={stream.latency_mode}
        options={texts.stream.latencyOptions}
      />
      <ChoiceField
        label={texts.stream.secondPublisher}
        name="second_publisher"
        value={stream.second_publisher}
        options={texts.stream.secondPublisherOptions}
      />
    </FormDialog>
  );
}
