/** A draft of the centre's values, and the edits that lead to it. Pure. */

import type { Edit, Entries, Field, Section, Value } from './told';

const isEntries = (value: Value | undefined): value is Entries => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Return the codes by which the items of a list are told apart; null when they have none. */
export function codesOf(value: Value | undefined): string[] | null {
  if (!Array.isArray(value) || value.length === 0) return null;
  for (const name of ['code', 'id', 'name']) {
    const codes = value.map((item) => (isEntries(item) ? item[name] : undefined));
    if (codes.every((code) => typeof code === 'string') && new Set(codes).size === codes.length) return codes as string[];
  }
  return null;
}

export const same = (one: Value | undefined, other: Value | undefined): boolean => JSON.stringify(one) === JSON.stringify(other);

/** Return the entries of a section by key, whatever its shape. */
export function entriesOf(section: Value | undefined): [string, Value][] {
  const codes = codesOf(section);
  if (codes) return codes.map((code, at) => [code, (section as Value[])[at] ?? null]);
  if (Array.isArray(section)) return section.map((item, at) => [String(at), item]);
  return isEntries(section) ? Object.entries(section) : [];
}

/** Return the smallest edits that turn `old` into `now`. */
export function editsBetween(old: Value, now: Value, path: string[] = []): Edit[] {
  if (isEntries(old) && isEntries(now)) return editsOfEntries(Object.entries(old), Object.entries(now), path);
  const [before, after] = [codesOf(old), codesOf(now)];
  if (before && after && path.length > 0) {
    const edits = editsOfEntries(entriesOf(old), entriesOf(now), path);
    const kept = [...before.filter((code) => after.includes(code)), ...after.filter((code) => !before.includes(code))];
    return same(kept, after) ? edits : [...edits, { path, order: after }];
  }
  return same(old, now) ? [] : [{ path, value: now }];
}

function editsOfEntries(old: [string, Value][], now: [string, Value][], path: string[]): Edit[] {
  const [before, after] = [new Map(old), new Map(now)];
  return [
    ...old.filter(([key]) => !after.has(key)).map(([key]): Edit => ({ path: [...path, key], remove: true })),
    ...now.flatMap(([key, value]): Edit[] => {
      const was = before.get(key);
      return was === undefined ? [{ path: [...path, key], value }] : editsBetween(was, value, [...path, key]);
    }),
  ];
}

/** Return the values with edits made upon them; what has no place any more is left out. */
export function withEdits(values: Entries, edits: Edit[]): Entries {
  return edits.reduce<Entries>((made, edit) => {
    if ('order' in edit) {
      const entries = new Map(entriesOf(valueAt(made, edit.path)));
      const known = edit.order.filter((key) => entries.has(key));
      const rest = [...entries.keys()].filter((key) => !known.includes(key));
      return put(made, edit.path, [...known, ...rest].map((key) => entries.get(key) ?? null));
    }
    return put(made, edit.path, 'value' in edit ? edit.value : undefined);
  }, values);
}

/** Return what is at the end of a way of keys and codes. */
export function valueAt(values: Value | undefined, path: string[]): Value | undefined {
  return path.reduce<Value | undefined>((inside, key) => {
    if (Array.isArray(inside)) return new Map(entriesOf(inside)).get(key);
    return isEntries(inside) ? inside[key] : undefined;
  }, values);
}

/** Return values with another one at the end of a way; undefined takes out what is there. */
export function put(values: Entries, path: string[], value: Value | undefined): Entries {
  return placed(values, path, value) as Entries;
}

function placed(holder: Value | undefined, path: string[], value: Value | undefined): Value | undefined {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  if (Array.isArray(holder)) {
    const at = entriesOf(holder).findIndex(([code]) => code === key);
    const item = placed(at < 0 ? undefined : holder[at], rest, value);
    if (at < 0) return item === undefined ? holder : [...holder, item];
    return item === undefined ? holder.filter((_, place) => place !== at) : holder.map((one, place) => (place === at ? item : one));
  }
  const entries = isEntries(holder) ? holder : {};
  const item = placed(entries[key], rest, value);
  if (item !== undefined) return { ...entries, [key]: item };
  const { [key]: _gone, ...left } = entries;
  return left;
}

/** Return the places at which entries of a section are named: fields of the centre, and of its entries. */
function namings(values: Entries, sections: Section[], of: string): { path: string[]; field: Field }[] {
  return sections.flatMap((section) =>
    section.shape === 'field'
      ? section.of === of ? [{ path: [section.name], field: section }] : []
      : section.fields.filter((field) => field.of === of).flatMap((field) => entriesOf(values[section.name]).map(([key]) => ({ path: [section.name, key, field.name], field }))),
  );
}

function without(value: Value | undefined, field: Field, key: string): Value | undefined {
  if (Array.isArray(value)) return value.filter((one) => one !== key);
  if (field.kind === 'map' && isEntries(value)) return Object.fromEntries(Object.entries(value).filter(([one]) => one !== key));
  return value === key ? undefined : value;
}

/** Return values in which nothing names an entry any more. */
export function withoutName(values: Entries, sections: Section[], of: string, key: string): Entries {
  return namings(values, sections, of).reduce((made, { path, field }) => {
    const [was, now] = [valueAt(made, path), without(valueAt(made, path), field, key)];
    return same(was, now) ? made : put(made, path, now);
  }, values);
}

/** Return values in which an entry is named again wherever taking it out was all that was changed. */
export function withNameAgain(values: Entries, before: { values: Entries; sections: Section[] }, of: string, key: string): Entries {
  return namings(values, before.sections, of).reduce((made, { path, field }) => {
    const was = valueAt(before.values, path);
    return was !== undefined && same(without(was, field, key), valueAt(made, path)) ? put(made, path, was) : made;
  }, values);
}
