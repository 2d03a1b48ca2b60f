// What a test of one hop finds.

export type HopResult =
  | {
      readonly ok: true;
      readonly ms: number;
      /** Our address as the other end sees it, or the relay's, where there is one to tell. */
      readonly address?: string;
    }
  | { readonly ok: false; readonly ms: number; readonly problem: HopProblem; readonly detail: string };

export type HopProblem =
  /** The server offers no such way. */
  | 'not_offered'
  /** Nothing came back. */
  | 'no_answer'
  /** The server answered, and said no. */
  | 'refused'
  /** Something was allocated, but nothing came through it. */
  | 'no_passage';
