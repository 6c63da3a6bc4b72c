import { describe, expect, it } from 'vitest';

import { meaning, SHORTCUTS, type Place, type Press } from '../src/keyboard';
import { words } from '../src/words';

const nowhere: Place = { typing: false, pressable: false, covered: false };
const press = (key: string, change: Partial<Press> = {}): Press => ({ key, code: '', ctrl: false, alt: false, repeat: false, ...change });

describe('what a key means', () => {
  it.each([['Enter', 'answer'], ['Escape', 'decline'], ['m', 'mute'], ['M', 'mute'], ['x', 'hang_up'], ['?', 'help'], ['3', 3], ['q', null]])('%s asks for %s', (key, asked) => {
    expect(meaning(press(key), nowhere)).toBe(asked);
  });

  it('leaves the letters to the note while one is writing, but not those with Alt', () => {
    const typing = { ...nowhere, typing: true };

    expect(meaning(press('m'), typing)).toBeNull();
    expect(meaning(press('Enter'), typing)).toBeNull();
    expect(meaning(press('µ', { alt: true, code: 'KeyM' }), typing)).toBe('mute');
    expect(meaning(press('2', { alt: true, code: 'Digit2' }), typing)).toBe(2);
    expect(meaning(press('Enter', { ctrl: true }), typing)).toBe('save');
  });

  it('leaves Enter to the button that has the focus', () => {
    expect(meaning(press('Enter'), { ...nowhere, pressable: true })).toBeNull();
  });

  it('leaves everything to an open menu or dialog', () => {
    expect(meaning(press('Escape'), { ...nowhere, covered: true })).toBeNull();
  });

  it('never takes a held-down key for a second press, nor the browser’s own keys', () => {
    expect(meaning(press('h', { repeat: true }), nowhere)).toBeNull();
    expect(meaning(press('r', { ctrl: true }), nowhere)).toBeNull();
  });

  it('lists every key with its sentence', () => {
    expect(SHORTCUTS.map((one) => one.action).sort()).toEqual(Object.keys(words.keys).sort());
  });
});
