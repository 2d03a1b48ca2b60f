import type { JSX } from 'preact';
import type { ApiFailure } from '../api/console-api.ts';
import { texts } from '../texts.ts';
import { Button } from './button.tsx';
import { Notice } from './notice.tsx';

interface FailureNoticeProps {
  readonly failure: ApiFailure;
  readonly onRetry?: () => void;
}

/** Why a request failed and what to do about it. */
export function FailureNotice({ failure, onRetry }: FailureNoticeProps): JSX.Element {
  const { headline, advice } = explain(failure);
  return (
    <Notice kind="danger" headline={headline}>
      <p>{advice}</p>
      {failure.faults.length > 0 && (
        <ul>
          {failure.faults.map(({ pointer, detail }) => (
            <li key={pointer}>{texts.failure.fault(fieldName(pointer), detail)}</li>
          ))}
        </ul>
      )}
      {failure.status >= 500 && failure.requestId !== undefined && (
        <p class="small">{texts.failure.requestId(failure.requestId)}</p>
      )}
      {onRetry !== undefined && <Button onClick={onRetry}>{texts.common.retry}</Button>}
    </Notice>
  );
}

function explain({ code, detail, faults }: ApiFailure): { readonly headline: string; readonly advice: string } {
  const { headline, faultyHeadline, faultyAdvice } = texts.failure;
  if (faults.length > 0) return { headline: faultyHeadline, advice: faultyAdvice };
  const known = texts.failures[code];
  return { headline: known?.headline ?? headline, advice: known?.advice ?? detail };
}

/** `/allowed_addresses/0` is about “allowed addresses”. */
const fieldName = (pointer: string): string => (pointer.split('/')[1] ?? '').replaceAll('_', ' ');
