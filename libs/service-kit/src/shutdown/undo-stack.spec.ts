import { beforeEach, describe, expect, it } from 'vitest';
import { UndoStack } from './undo-stack.ts';

describe('what undoes a start', () => {
  let undo: UndoStack;
  let done: string[];
  const step = (name: string) => async () => {
    await Promise.resolve();
    done.push(name);
  };
  beforeEach(() => {
    undo = new UndoStack();
    done = [];
  });

  it('goes from the newest step to the oldest, one after the other', async () => {
    undo.add(step('store'));
    undo.addLast(step('health'));
    undo.add(step('door'));
    await undo.run();
    expect(done).toEqual(['door', 'store', 'health']);
  });

  it('undoes each step once, and goes on behind one that failed', async () => {
    undo.add(step('store'));
    undo.add(() => Promise.reject(new Error('the door is stuck')));
    await expect(undo.run()).rejects.toThrow('the door is stuck');
    await undo.run();
    await undo.run();
    expect(done).toEqual(['store']);
  });
});
