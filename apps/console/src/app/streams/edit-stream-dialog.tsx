import type { JSX } from 'preact';
import type { TenantStream } from '../api/resources.ts';
import { texts } from '../texts.ts';
import { numberOf, textOf } from '../ui/dialog.tsx';
import { EditDialog } from '../ui/edit-dialog.tsx';
import { ChoiceField, TextField } from '../ui/field.tsx';

interface EditStreamDialogProps {
  readonly streamId: string;
  readonly onSaved: () => Promise<void>;
  readonly onClose: () => void;
}

export const EditStreamDialog = ({ streamId, onSaved, onClose }: EditStreamDialogProps): JSX.Element => (
  <EditDialog<TenantStream>
    title={texts.stream.editTitle}
    path={`/v1/live_streams/${streamId}`}
    changesIn={(fields) => ({
      name: textOf(fields, 'name'),
      segment_target_seconds: Number(textOf(fields, 'segment_target_seconds')),
      playlist_window_seconds: Number(textOf(fields, 'playlist_window_seconds')),
      reconnect_window_seconds: Number(textOf(fields, 'reconnect_window_seconds')),
      latency_mode: textOf(fields, 'latency_mode'),
      multitrack_max_tracks: Number(textOf(fields, 'multitrack_max_tracks')),
      multitrack_max_height: Number(textOf(fields, 'multitrack_max_height')),
      multitrack_max_bits_per_second: Number(textOf(fields, 'multitrack_max_bits_per_second')),
      second_publisher: textOf(fields, 'second_publisher'),
      encryption: textOf(fields, 'encryption'),
      key_rotation_segments: Number(textOf(fields, 'key_rotation_segments')),
      max_duration_seconds: numberOf(fields, 'max_duration_seconds'),
    })}
    onSaved={onSaved}
    onClose={onClose}
  >
    {(stream) => (
      <>
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
        <TextField
          label={texts.stream.multitrackTracks}
          name="multitrack_max_tracks"
          type="number"
          min={1}
          value={String(stream.multitrack_max_tracks)}
          hint={texts.stream.multitrackHint}
          isRequired
        />
        <TextField
          label={texts.stream.multitrackHeight}
          name="multitrack_max_height"
          type="number"
          min={144}
          value={String(stream.multitrack_max_height)}
          isRequired
        />
        <TextField
          label={texts.stream.multitrackBits}
          name="multitrack_max_bits_per_second"
          type="number"
          min={200_000}
          value={String(stream.multitrack_max_bits_per_second)}
          isRequired
        />
        <ChoiceField
          label={texts.stream.secondPublisher}
          name="second_publisher"
          value={stream.second_publisher}
          options={texts.stream.secondPublisherOptions}
        />
        <TextField
          label={texts.stream.maxDuration}
          name="max_duration_seconds"
          type="number"
          min={1}
          value={stream.max_duration_seconds === null ? '' : String(stream.max_duration_seconds)}
          hint={texts.stream.maxDurationHint}
        />
        <ChoiceField
          label={texts.stream.encryption}
          name="encryption"
          value={stream.encryption}
          hint={texts.stream.encryptionHint}
          options={texts.stream.encryptionOptions}
        />
        <TextField
          label={texts.stream.keyRotation}
          name="key_rotation_segments"
          type="number"
          min={1}
          value={String(stream.key_rotation_segments)}
          isRequired
        />
      </>
    )}
  </EditDialog>
);
