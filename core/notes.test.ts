import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { applyHunks, diffText, revertHunks, rewriteText, type TextEdit } from './notes.ts';

const texts = fc.string({
  unit: fc.constantFrom('a', 'b', ' ', '\n', 'word', '😀', 'é', '- '),
  maxLength: 30,
});

const NOTHING: TextEdit = { hunks: [], after: '' };

function textOf(content: string): Y.Text {
  const doc = new Y.Doc();
  const text = doc.getText('t');
  text.insert(0, content);
  return text;
}

test('[D12] rewriting gives exactly the wanted text, and reverting the old one', () => {
  fc.assert(
    fc.property(texts, texts, (before, after) => {
      const text = textOf(before);
      const edit = rewriteText(text, after);
      expect(text.toString()).toBe(after);
      const reverse = revertHunks(text.toString(), edit);
      expect(reverse).not.toBe(null);
      applyHunks(text, reverse ?? []);
      expect(text.toString()).toBe(before);
    }),
    { numRuns: 1000 },
  );
});

test('[D12] a change leaves the words alone that are in both', () => {
  expect(diffText('buy rye bread and milk', 'buy white bread and oat milk')).toEqual([
    { index: 4, removed: 'ry', inserted: 'whit' },
    { index: 17, removed: '', inserted: ' oat' },
  ]);
});

test('[D12] no change goes through the middle of a character', () => {
  for (const hunk of diffText('a 😀 b', 'a 😃 b')) {
    expect(hunk.removed).toBe('😀');
    expect(hunk.inserted).toBe('😃');
  }
});

test('[D12] a very long text that is all new is replaced in one piece', () => {
  const many = (word: string): string => Array.from({ length: 3000 }, (_, i) => `${word}${i}`).join(' ');
  expect(diffText(many('a'), many('b'))).toHaveLength(1);
});

test('[U4] any chain of changes goes all the way back and forth', () => {
  fc.assert(
    fc.property(fc.array(texts, { minLength: 2, maxLength: 6 }), (states) => {
      const text = textOf(states[0] ?? '');
      const done = states.slice(1).map((state) => rewriteText(text, state));
      const undone: ReturnType<typeof rewriteText>[] = [];
      const back = (): void => {
        const reverse = revertHunks(text.toString(), done.pop() ?? NOTHING);
        expect(reverse).not.toBe(null);
        undone.push(applyHunks(text, reverse ?? []));
        expect(text.toString()).toBe(states[done.length]);
      };
      const forth = (): void => {
        const again = revertHunks(text.toString(), undone.pop() ?? NOTHING);
        expect(again).not.toBe(null);
        done.push(applyHunks(text, again ?? []));
        expect(text.toString()).toBe(states[done.length]);
      };
      while (done.length > 0) back();
      while (undone.length > 0) forth();
      while (done.length > 0) back();
    }),
    { numRuns: 1000 },
  );
});

test('[U4] a change is found again after others wrote before and after it', () => {
  const text = textOf('one two three');
  const edit = rewriteText(text, 'one TWO three');
  text.insert(0, 'zero ');
  text.insert(text.length, ' four');
  applyHunks(text, revertHunks(text.toString(), edit) ?? []);
  expect(text.toString()).toBe('zero one two three four');
});

test('[U4] a change into which someone wrote is not reverted', () => {
  const text = textOf('one three');
  const edit = rewriteText(text, 'one two three');
  text.insert(5, 'X');
  expect(revertHunks(text.toString(), edit)).toBe(null);
});
