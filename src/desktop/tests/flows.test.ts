import { describe, expect, it } from 'vitest';

import { byVerdict, entry, peopleIn, placeOf, standing } from '../src/flows/standing';
import type { FlowInShort, Verdict } from '../src/flows/told';

const aFlow = (change: Partial<FlowInShort> = {}): FlowInShort => ({
  name: 'main', title: 'Main line', file: 'main.yaml', numbers: ['100'], any_other_number: false, channels: [], media: ['voice'], language: 'en-GB',
  version: 'aaa', draft: 'aaa', serves: true, errors: 0, warnings: 0, tests: { running: false, fault: '', passed: 3, failed: 0, unreadable: 0 }, ...change,
});
const tests = (change: Partial<FlowInShort['tests']>) => ({ tests: { ...aFlow().tests, ...change } });

describe('how a flow stands', () => {
  it.each<[Partial<FlowInShort>, string, string]>([
    [{}, 'good', 'Serves'],
    [{ warnings: 2 }, 'warn', '2 warnings'],
    [tests({ unreadable: 1 }), 'warn', '1 mistake in the tests'],
    [{ ...tests({ failed: 1 }), warnings: 2 }, 'warn', '1 test failed'],
    [{ ...tests({ failed: 1 }), errors: 1 }, 'bad', 'Serves, but has 1 mistake'],
    [{ serves: false, errors: 3 }, 'bad', 'Serves its older version: 3 mistakes in the file'],
    [{ serves: false, version: null, errors: 1 }, 'bad', 'Does not serve: 1 mistake'],
  ])('%j is %s: %s', (change, tone, word) => {
    expect(standing(aFlow(change))).toMatchObject({ tone, word });
  });

  it('is said never by colour alone', () => {
    expect(standing(aFlow()).icon).not.toBe(standing(aFlow({ serves: false })).icon);
  });
});

describe('what the list says of a flow', () => {
  it('names what leads to it', () => {
    expect(entry(aFlow({ numbers: ['100', '+442071234567'], channels: ['web'] }))).toBe('100, +442071234567, web');
    expect(entry(aFlow({ numbers: [], any_other_number: true }))).toBe('every other number');
    expect(entry(aFlow({ numbers: [] }))).toBe('Nothing leads here by itself');
  });

  it('counts the people in it', () => {
    expect(peopleIn({ menu: 2, sales: 1 })).toBe(3);
    expect(peopleIn(undefined)).toBe(0);
  });

  it('puts the tests that failed first, each group as in the file', () => {
    const test = (name: string, passed: boolean) => ({ name, passed }) as Verdict;

    expect(byVerdict([test('a', true), test('b', false), test('c', true), test('d', false)]).map((one) => one.name)).toEqual(['b', 'd', 'a', 'c']);
  });

  it('tells a place as editors do', () => {
    expect(placeOf({ file: 'main.yaml', line: 12, column: 3, severity: 'error', code: 'x', message: '', hint: '' })).toBe('main.yaml:12:3');
  });
});
