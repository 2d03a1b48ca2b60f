import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { ApiFailure } from '../api/console-api.ts';
import { texts } from '../texts.ts';
import { Button } from './button.tsx';
import { FailureNotice } from './failure-notice.tsx';

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/** The browser's own dialog: it keeps the focus inside, and Escape closes it. */
export function Dialog({ title, onClose, children }: DialogProps): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const isHere = useRef(true);
  const id = useId();
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    element?.querySelector<HTMLElement>('[data-autofocus]')?.focus();
    return () => {
      // The browser tells of it later, when another dialog may be open in its place.
      isHere.current = false;
      element?.close();
    };
  }, []);
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby={id} onClose={() => isHere.current && onClose()}>
      <div class="dialog-head">
        <h2 id={id}>{title}</h2>
        <Button kind="quiet" icon="close" label={texts.common.close} onClick={onClose} />
      </div>
      {children}
    </dialog>
  );
}

interface FormDialogProps extends DialogProps {
  readonly submitText: string;
  /** For what cannot be undone. */
  readonly isDanger?: boolean;
  /** @param fields by their names; the dialog closes when it has succeeded */
  readonly onSubmit: (fields: FormData) => Promise<void>;
}

/** A dialog that asks for something, sends it, and says why that failed. */
export function FormDialog({
  title,
  submitText,
  isDanger = false,
  onSubmit,
  onClose,
  children,
}: FormDialogProps): JSX.Element {
  const { isBusy, failure, submit } = useSubmit(async (fields) => {
    await onSubmit(fields);
    onClose();
  });
  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={submit}>
        <div class="dialog-body">
          {children}
          {failure !== undefined && (
            // A long form may have scrolled past its end.
            <div ref={(element) => element?.scrollIntoView({ block: 'nearest' })}>
              <FailureNotice failure={failure} />
            </div>
          )}
        </div>
        <div class="dialog-foot">
          <Button onClick={onClose}>{texts.common.cancel}</Button>
          <Button type="submit" kind={isDanger ? 'danger' : 'primary'} isBusy={isBusy}>
            {submitText}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

export interface Submission {
  readonly isBusy: boolean;
  readonly failure: ApiFailure | undefined;
  readonly submit: (event: SubmitEvent) => void;
}

/** Sends a form once at a time. */
export function useSubmit(send: (fields: FormData) => Promise<void>): Submission {
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<ApiFailure>();
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget as HTMLFormElement);
    setBusy(true);
    setFailure(undefined);
    send(fields)
      .catch((error: unknown) => {
        if (!(error instanceof ApiFailure)) throw error;
        setFailure(error);
      })
      .finally(() => setBusy(false));
  };
  return { isBusy, failure, submit };
}

/** The text of a field of a form. */
export const textOf = (fields: FormData, name: string): string => passwordOf(fields, name).trim();

/** The same as it was typed: a password may begin or end with a space. */
export function passwordOf(fields: FormData, name: string): string {
  const value = fields.get(name);
  return typeof value === 'string' ? value : '';
}

/** null: the field is empty. */
export function numberOf(fields: FormData, name: string): number | null {
  const text = textOf(fields, name);
  return text === '' ? null : Number(text);
}

/** Several texts, one on each line or separated by commas. */
export const listOf = (fields: FormData, name: string): readonly string[] =>
  textOf(fields, name)
    .split(/[\n,]/)
    .map((entry) => entry.trim())
    .filter(Boolean);
