import { describe, expect, it } from 'vitest';

import { segmentsOf } from '../src/segments';

describe('the segments of a text message', () => {
  it.each([
    ['', 0],
    ['a'.repeat(160), 1],
    ['a'.repeat(161), 2],
    ['a'.repeat(307), 3],
    ['€'.repeat(80), 1],
    ['a'.repeat(152) + '€' + 'a'.repeat(152), 3],
    ['ж'.repeat(70), 1],
    ['ж'.repeat(71), 2],
    ['😀'.repeat(67), 3],
  ])('are counted as they are carried', (text, segments) => expect(segmentsOf(text)).toBe(segments));
});
