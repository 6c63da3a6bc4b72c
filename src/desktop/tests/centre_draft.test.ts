import { describe, expect, it } from 'vitest';

import { codesOf, editsBetween, entriesOf, put, same, valueAt, withEdits, withNameAgain, withoutName } from '../src/centre/draft';
import type { Entries, Field, Section } from '../src/centre/told';

const values: Entries = {
  name: 'Acme',
  queues: { sales: { title: 'Sales', wrap_up: '60s' }, support: { title: 'Support' } },
  reasons: [{ code: 'break', title: 'Break' }, { code: 'lunch', title: 'Lunch' }],
  agents: { ana: { name: 'Ana', queues: ['sales', 'support'] } },
};
const edits = (now: Entries) => editsBetween(values, now);

describe('the edits of a draft', () => {
  it.each<[string, Entries, unknown]>([
    ['a value', put(values, ['queues', 'sales', 'wrap_up'], '45s'), [{ path: ['queues', 'sales', 'wrap_up'], value: '45s' }]],
    ['a value that was left out', put(values, ['queues', 'support', 'music'], 'calm'), [{ path: ['queues', 'support', 'music'], value: 'calm' }]],
    ['what is left out again', put(values, ['queues', 'sales', 'wrap_up'], undefined), [{ path: ['queues', 'sales', 'wrap_up'], remove: true }]],
    ['a list of names', put(values, ['agents', 'ana', 'queues'], ['sales']), [{ path: ['agents', 'ana', 'queues'], value: ['sales'] }]],
    ['a new entry', put(values, ['agents', 'eve'], { name: 'Eve' }), [{ path: ['agents', 'eve'], value: { name: 'Eve' } }]],
    ['an entry that goes', put(values, ['queues', 'sales'], undefined), [{ path: ['queues', 'sales'], remove: true }]],
    ['the title of a code', put(values, ['reasons', 'lunch', 'title'], 'Meal'), [{ path: ['reasons', 'lunch', 'title'], value: 'Meal' }]],
    ['a code that goes', put(values, ['reasons', 'break'], undefined), [{ path: ['reasons', 'break'], remove: true }]],
    ['another order', put(values, ['reasons'], [{ code: 'lunch', title: 'Lunch' }, { code: 'break', title: 'Break' }]), [{ path: ['reasons'], order: ['lunch', 'break'] }]],
    ['a new section', put(values, ['teams', 'a'], { title: 'A' }), [{ path: ['teams'], value: { a: { title: 'A' } } }]],
  ])('are of %s alone', (_, now, expected) => {
    expect(edits(now)).toEqual(expected);
    expect(withEdits(values, edits(now))).toEqual(now);
  });

  it('are none when all is as it was', () => {
    const there = put(values, ['queues', 'sales', 'wrap_up'], '45s');

    expect(edits(put(there, ['queues', 'sales', 'wrap_up'], '60s'))).toEqual([]);
  });

  it('put an entry where it belongs', () => {
    const reasons = [{ code: 'new', title: 'New' }, ...(values['reasons'] as Entries[])];

    expect(edits({ ...values, reasons })).toEqual([
      { path: ['reasons', 'new'], value: { code: 'new', title: 'New' } },
      { path: ['reasons'], order: ['new', 'break', 'lunch'] },
    ]);
  });

  it('stand upon what others changed meanwhile', () => {
    const mine = edits(put(values, ['queues', 'sales', 'wrap_up'], '45s'));
    const theirs = put(put(values, ['name'], 'Other'), ['reasons', 'new'], { code: 'new', title: 'New' });

    expect(withEdits(theirs, mine)).toEqual(put(theirs, ['queues', 'sales', 'wrap_up'], '45s'));
    expect(valueAt(withEdits(theirs, [{ path: ['reasons'], order: ['lunch', 'gone', 'break'] }]), ['reasons'])).toMatchObject([{ code: 'lunch' }, { code: 'break' }, { code: 'new' }]);
    expect(withEdits(theirs, [{ path: ['queues', 'gone'], remove: true }])).toEqual(theirs);
  });

  it('never touch what they begin with', () => {
    const before = JSON.stringify(values);
    put(values, ['queues', 'sales', 'title'], 'X');
    put(values, ['reasons', 'lunch'], undefined);

    expect(JSON.stringify(values)).toBe(before);
  });
});

describe('entries', () => {
  it('are told apart by a code of their own', () => {
    expect(codesOf([{ code: 'a' }, { code: 'b' }])).toEqual(['a', 'b']);
    expect(codesOf([{ code: 'a' }, { code: 'a' }])).toBeNull();
    expect(codesOf(['a'])).toBeNull();
    expect(codesOf([])).toBeNull();
    expect(entriesOf(['x'])).toEqual([['0', 'x']]);
    expect(entriesOf(undefined)).toEqual([]);
    expect(same(undefined, undefined)).toBe(true);
  });
});

describe('an entry that goes', () => {
  const field = (name: string, kind: Field['kind'], of: string | null = 'queues'): Field => ({ name, kind, of, required: false, default: null });
  const sections: Section[] = [
    { shape: 'field', ...field('fallback_queue', 'name') },
    { shape: 'map', name: 'queues', required: true, fields: [field('title', 'text', null)] },
    { shape: 'map', name: 'agents', required: false, fields: [field('name', 'text', null), field('queues', 'names'), field('ranks', 'map')] },
  ];
  const centre: Entries = {
    fallback_queue: 'sales',
    queues: { sales: { title: 'Sales' }, support: { title: 'Support' } },
    agents: { ana: { name: 'sales', queues: ['sales', 'support'], ranks: { sales: 1, support: 2 } }, ben: { name: 'Ben', queues: ['support'] }, eve: { name: 'Eve', ranks: ['sales'] } },
  };

  it('is named by nobody any more, and all else stays', () => {
    expect(withoutName(centre, sections, 'queues', 'sales')).toEqual({
      queues: centre['queues'],
      agents: { ana: { name: 'sales', queues: ['support'], ranks: { support: 2 } }, ben: { name: 'Ben', queues: ['support'] }, eve: { name: 'Eve', ranks: [] } },
    });
  });

  it('is named again once it is put back, save where something else was changed', () => {
    const gone = withoutName(centre, sections, 'queues', 'sales');

    expect(withNameAgain(gone, { values: centre, sections }, 'queues', 'sales')).toEqual(centre);
    const changed = put(gone, ['agents', 'ana', 'queues'], []);
    expect(valueAt(withNameAgain(changed, { values: centre, sections }, 'queues', 'sales'), ['agents', 'ana', 'queues'])).toEqual([]);
  });
});
