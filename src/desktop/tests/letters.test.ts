import { describe, expect, it } from 'vitest';

import { addressesIn } from '../src/letters.svelte';

describe('addresses that are typed', () => {
  it('are taken apart at commas, with or without names', () => {
    expect(addressesIn('a@b.example, Chris <c@d.example>; e@f.example')).toEqual({ addresses: ['a@b.example', 'c@d.example', 'e@f.example'], wrong: null });
    expect(addressesIn('  ')).toEqual({ addresses: [], wrong: null });
  });

  it('are told where one is none', () => {
    expect(addressesIn('a@b.example, chris').wrong).toBe('chris');
    expect(addressesIn('two words@b.example').wrong).toBe('two words@b.example');
  });
});
