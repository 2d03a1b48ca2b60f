import type { JSX } from 'preact';
import { useId, useRef, useState } from 'preact/hooks';
import { texts } from '../texts.ts';
import { Button } from './button.tsx';

interface CopyFieldProps {
  readonly label: string;
  readonly value: string;
  readonly hint?: string;
  /** It has several lines. */
  readonly hasLines?: boolean;
}

/** A value to paste somewhere else. */
export function CopyField({ label, value, hint, hasLines = false }: CopyFieldProps): JSX.Element {
  const id = useId();
  const input = useRef<HTMLInputElement & HTMLTextAreaElement>(null);
  const [outcome, setOutcome] = useState<string>();
  const copy = async (): Promise<void> => {
    input.current?.select();
    try {
      await navigator.clipboard.writeText(value);
      setOutcome(texts.common.copied);
    } catch {
      // Without HTTPS there is no clipboard: the text is selected, the keys do the rest.
      setOutcome(texts.common.selected);
    }
  };
  return (
    <div class="field copy">
      <label for={id}>{label}</label>
      <div class="copy-row">
        {hasLines ? (
          <textarea
            ref={input}
            id={id}
            value={value}
            // One of them does not fit in its width.
            rows={value.trimEnd().split('\n').length + 1}
            readOnly
            onFocus={(event) => event.currentTarget.select()}
          />
        ) : (
          <input ref={input} id={id} value={value} readOnly onFocus={(event) => event.currentTarget.select()} />
        )}
        <Button
          icon={outcome === texts.common.copied ? 'check' : 'copy'}
          label={texts.common.copyOf(label)}
          onClick={() => void copy()}
        />
      </div>
      <p class="hint" role="status">
        {outcome ?? hint}
      </p>
    </div>
  );
}
