import { describe, expect, it } from 'vitest';

import { edited, emptied, EMPTY, given, isKept, shown, wasSent, type Local } from '../src/drafting';
import { apply, type Draft } from '../src/state';
import { aCard, aState } from './builders';

const aDraft = (version: number, text: string, change: Partial<Draft> = {}): Draft => ({ version, text, by: { id: 'ana', name: 'Ana' }, at: '2026-11-27T10:00:00Z', subject: '', cc: '', bcc: '', files: [], replies: [], ...change });

/** A service that keeps the higher version, as ours does, and tells of it. */
class Service {
  draft: Draft | undefined;

  take(version: number, text: string): void {
    if (version > (this.draft?.version ?? 0)) this.draft = aDraft(version, text);
  }
}

describe('what is written', () => {
  it('is what was written here until the service has something newer', () => {
    const local = edited(undefined, undefined, { text: 'Hel' });
    const gone = given(undefined, local);

    expect(shown(undefined, local).text).toBe('Hel');
    expect(gone).toEqual({ ...local, version: 1, waiting: false });
    expect(shown(undefined, gone).text).toBe('Hel');
    expect(shown(aDraft(1, 'Hel'), gone).text).toBe('Hel');
    expect(shown(aDraft(2, 'Hello from another desk'), gone).text).toBe('Hello from another desk');
    expect(isKept(aDraft(1, 'Hel'), gone)).toBe(true);
    expect(isKept(undefined, gone)).toBe(false);
    expect(isKept(aDraft(9, 'x'), local)).toBe(false);
  });

  it('goes on from what a colleague left', () => {
    const local = edited(aDraft(4, 'Half', { cc: 'a@b.example', files: [{ id: 'f', name: 'a', type: 'a/b', size: 1 }] }), undefined, { text: 'Half a' });

    expect(local.writing).toMatchObject({ text: 'Half a', cc: 'a@b.example', files: [{ id: 'f' }] });
    expect(given(aDraft(4, 'Half'), local).version).toBe(5);
  });

  it('forgets the replies it began as once nothing is left of it', () => {
    const begun = edited(undefined, undefined, { text: 'Dear', replies: ['order'] });

    expect(edited(undefined, begun, { text: 'De' }).writing.replies).toEqual(['order']);
    expect(edited(undefined, begun, { text: '' }).writing.replies).toEqual([]);
  });

  it('is gone with the message, also while the service has not heard of it', () => {
    const typed = given(undefined, edited(undefined, undefined, { text: 'Hello' }));
    const left = emptied(aDraft(1, 'Hello'), typed);

    expect(left).toEqual({ writing: EMPTY, version: 2, waiting: false });
    expect(shown(aDraft(1, 'Hello'), left).text).toBe('');
    expect(shown(aDraft(2, ''), left).text).toBe('');
  });

  it('does not come back when another desk sent it while this one was away', () => {
    const local: Local = { ...edited(aDraft(1, 'Hello'), undefined, { text: 'Hello ' }), version: 1 };

    expect(wasSent(aDraft(3, ''), local, 'Hello')).toBe(true);
    expect(wasSent(aDraft(3, ''), local, 'Something else')).toBe(false);
    expect(wasSent(aDraft(3, 'and more'), local, 'Hello')).toBe(false);
    expect(wasSent(aDraft(1, 'Hello'), local, 'Hello')).toBe(false);
  });
});

describe('two desks of one agent', () => {
  it('come to the same text, and what was sent stays gone, whatever order their words come in', () => {
    let seed = 11;
    const dice = (sides: number) => (seed = (seed * 48271) % 2147483647) % sides;
    for (let round = 0; round < 300; round += 1) {
      const service = new Service();
      const locals: (Local | undefined)[] = [undefined, undefined];
      const late: (() => void)[] = [];
      for (let turn = 0; turn < 20; turn += 1) {
        const at = dice(2);
        switch (dice(4)) {
          case 0:
            locals[at] = edited(service.draft, locals[at], { text: `${shown(service.draft, locals[at]).text}${at}` });
            break;
          case 1: {
            const local = locals[at];
            if (!local?.waiting) break;
            const gone = (locals[at] = given(service.draft, local));
            late.push(() => service.take(gone.version, gone.writing.text));
            break;
          }
          case 2: {
            const gone = (locals[at] = emptied(service.draft, locals[at]));
            late.push(() => service.take(gone.version, ''));
            break;
          }
          default:
            late.splice(dice(late.length || 1), 1)[0]?.();
        }
      }
      for (const word of late) word();
      locals.forEach((local, at) => {
        if (local?.waiting) {
          const gone = (locals[at] = given(service.draft, local));
          service.take(gone.version, gone.writing.text);
        }
      });
      expect(shown(service.draft, locals[0])).toEqual(shown(service.draft, locals[1]));
    }
  });
});

describe('a draft in the state', () => {
  it('is replaced whole, and goes with its card', () => {
    const state = apply(aState(aCard()), { kind: 'draft', id: 'one', draft: aDraft(1, 'Hel') });

    expect(apply(state, { kind: 'draft', id: 'one', draft: aDraft(2, 'Hello') }).drafts).toEqual({ one: aDraft(2, 'Hello') });
    expect(apply(state, { kind: 'interaction_gone', id: 'one' }).drafts).toEqual({});
    expect(apply(state, { kind: 'passed' })).toBe(state);
  });
});
