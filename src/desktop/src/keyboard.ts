/** Keys and what they do. The list shown on `?` is made from the same table. */

import type { words } from './words';

export type Action = keyof (typeof words)['keys'];

export interface Shortcut {
  action: Action;
  group: 'call' | 'wrap_up' | 'writing' | 'desk' | 'flows' | 'centre';
  /** As shown. */
  keys: string[];
}

export const SHORTCUTS: Shortcut[] = [
  { action: 'answer', group: 'call', keys: ['Enter'] },
  { action: 'decline', group: 'call', keys: ['Esc'] },
  { action: 'mute', group: 'call', keys: ['M'] },
  { action: 'hold', group: 'call', keys: ['H'] },
  { action: 'keypad', group: 'call', keys: ['K'] },
  { action: 'hang_up', group: 'call', keys: ['X'] },
  { action: 'disposition', group: 'wrap_up', keys: ['1 … 9'] },
  { action: 'note', group: 'wrap_up', keys: ['N'] },
  { action: 'save', group: 'wrap_up', keys: ['Ctrl Enter'] },
  { action: 'reply', group: 'writing', keys: ['/'] },
  { action: 'gap', group: 'writing', keys: ['Tab'] },
  { action: 'looks', group: 'writing', keys: ['Ctrl B', 'Ctrl I', 'Ctrl K'] },
  { action: 'next', group: 'desk', keys: ['J'] },
  { action: 'presence', group: 'desk', keys: ['P'] },
  { action: 'ready', group: 'desk', keys: ['R'] },
  { action: 'phone', group: 'desk', keys: ['T'] },
  { action: 'help', group: 'desk', keys: ['?'] },
  { action: 'flows', group: 'flows', keys: ['F'] },
  { action: 'step', group: 'flows', keys: ['←', '→'] },
  { action: 'zoom', group: 'flows', keys: ['+', '−', '0'] },
  { action: 'centre', group: 'centre', keys: ['C'] },
];

const LETTERS = new Map<string, Action>([
  ['m', 'mute'], ['h', 'hold'], ['k', 'keypad'], ['x', 'hang_up'], ['n', 'note'],
  ['j', 'next'], ['p', 'presence'], ['r', 'ready'], ['t', 'phone'], ['f', 'flows'], ['c', 'centre'],
]);

/** Where the key was pressed: what stands under the cursor decides what a key may mean. */
export interface Place {
  /** A text field has the cursor. */
  typing: boolean;
  /** A button or the like has the focus, and takes Enter for itself. */
  pressable: boolean;
  /** A menu or a dialog is open, and takes the keys. */
  covered: boolean;
}

export interface Press {
  key: string;
  /** The physical key, for Alt makes other signs on some keyboards. */
  code: string;
  ctrl: boolean;
  alt: boolean;
  repeat: boolean;
}

/** Say what a key press asks for; a number for the n-th outcome; null when it is not ours. */
export function meaning(press: Press, place: Place): Action | number | null {
  if (press.repeat || place.covered) return null;
  if (press.ctrl) return press.key === 'Enter' ? 'save' : null;
  if (press.alt && press.key === 'Enter') return 'answer';
  if (press.alt) {
    const digit = /^(?:Digit|Numpad)([1-9])$/.exec(press.code)?.[1];
    return digit ? Number(digit) : (LETTERS.get(press.code.replace(/^Key/, '').toLowerCase()) ?? null);
  }
  if (place.typing) return null;
  if (press.key === 'Enter') return place.pressable ? null : 'answer';
  if (press.key === 'Escape') return 'decline';
  if (press.key === '?') return 'help';
  if (/^[1-9]$/.test(press.key)) return Number(press.key);
  return LETTERS.get(press.key.toLowerCase()) ?? null;
}

/** Read the place from what has the focus. */
export function placeOf(target: EventTarget | null, covered: boolean): Place {
  const element = target instanceof Element ? target : null;
  return {
    typing: element?.closest('input:not([type=radio]):not([type=checkbox]):not([type=range]), textarea, select, [contenteditable]') != null,
    pressable: element?.closest('button, a, summary, [role=menuitem], [role=button]') != null,
    covered,
  };
}
