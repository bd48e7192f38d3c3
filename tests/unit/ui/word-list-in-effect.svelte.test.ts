import { flushSync } from 'svelte';
import { describe, expect, it } from 'vitest';
import { FakeLocalDatabase } from '../../support/fake-local-database.ts';
import { WordList } from '../../../src/ui/state/word-list.svelte.ts';

describe('the list of words on a screen', () => {
  it('keeps what is searched: the effect that opened it does not run again', () => {
    const list = new WordList(new FakeLocalDatabase());
    const stop = $effect.root(() => {
      $effect(() => {
        list.open();
        return () => list.close();
      });
    });
    flushSync();
    list.find('tucan');
    flushSync();
    expect(list.search).toBe('tucan');
    stop();
  });
});
