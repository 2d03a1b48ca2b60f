// The first value of an Observable within a deadline, with which a reply that has arrived but not been read is in time.
import { FairDeadline } from '@millrace/domain';
import { EmptyError, take } from 'rxjs';
import type { Observable } from 'rxjs';

export class ReplyTimeout extends Error {
  constructor(ms: number) {
    super(`no reply within ${ms} ms`);
    this.name = 'ReplyTimeout';
  }
}

/** @throws ReplyTimeout, EmptyError, or what the source throws */
export function firstReply<T>(source: Observable<T>, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    let isAnswered = false;
    const deadline = new FairDeadline(ms, () => {
      replies.unsubscribe();
      reject(new ReplyTimeout(Math.round(ms)));
    });
    const replies = source.pipe(take(1)).subscribe({
      next: (value) => {
        isAnswered = true;
        deadline.clear();
        resolve(value);
      },
      error: (error: Error) => {
        deadline.clear();
        reject(error);
      },
      complete: () => {
        if (isAnswered) return;
        deadline.clear();
        reject(new EmptyError());
      },
    });
  });
}
