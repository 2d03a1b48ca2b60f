import type { JSX } from 'preact';
import { texts } from '../texts.ts';
import { Moment } from '../ui/moment.tsx';
import { Notice } from '../ui/notice.tsx';
import type { StreamProblem } from './stream-problem.ts';

/** What went wrong, and what to do about it. */
export function ProblemNotice({ problem }: { readonly problem: StreamProblem }): JSX.Element {
  const known = texts.problems[problem.code];
  return (
    <Notice kind="warning" headline={known?.headline ?? texts.stream.lastProblem}>
      <p>{known?.advice ?? problem.message}</p>
      <p class="small muted">
        {problem.lasts ? texts.stream.problemSince : texts.stream.problemAt} <Moment at={problem.at} />
      </p>
    </Notice>
  );
}
