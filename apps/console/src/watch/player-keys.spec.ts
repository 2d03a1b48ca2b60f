import { describe, expect, it } from 'vitest';
import { actionOf } from './player-keys.ts';

const press = (key: string, held: object = {}) => ({ key, ctrlKey: false, altKey: false, metaKey: false, ...held });

describe('the keys of the player', () => {
  it.each([
    [' ', { what: 'toggle' }],
    ['k', { what: 'toggle' }],
    ['K', { what: 'toggle' }],
    ['m', { what: 'mute' }],
    ['f', { what: 'fullscreen' }],
    ['p', { what: 'pip' }],
    ['ArrowLeft', { what: 'seek', seconds: -5 }],
    ['ArrowRight', { what: 'seek', seconds: 5 }],
    ['ArrowUp', { what: 'volume', change: 0.05 }],
    ['ArrowDown', { what: 'volume', change: -0.05 }],
    ['Tab', undefined],
    ['x', undefined],
  ])('%j: %j', (key, action) => {
    expect(actionOf(press(key), 'page')).toEqual(action);
  });

  it('leave the browser its own', () => {
    expect(actionOf(press('f', { ctrlKey: true }), 'page')).toBeUndefined();
    expect(actionOf(press('ArrowLeft', { altKey: true }), 'page')).toBeUndefined();
    expect(actionOf(press('m', { metaKey: true }), 'page')).toBeUndefined();
  });

  it('leave Space to a button that has the focus, and the arrows to a slider', () => {
    expect(actionOf(press(' '), 'button')).toBeUndefined();
    expect(actionOf(press('k'), 'button')).toEqual({ what: 'toggle' });
    expect(actionOf(press('ArrowUp'), 'slider')).toBeUndefined();
    expect(actionOf(press(' '), 'slider')).toEqual({ what: 'toggle' });
  });
});
