import { expect, test } from 'vitest';
import { boxesIn, withBox } from './checklist.ts';

test('[L12] ticking a box changes its one character in the text', () => {
  const text = 'For Friday\n\n- [ ] bread\n- [x] milk\n  1. [ ] oat\n* [X] eggs\n> - [ ] quoted';
  expect(boxesIn(text).map((at) => text[at])).toEqual([' ', 'x', ' ', 'X', ' ']);
  expect(withBox(text, 0, true)).toBe(text.replace('[ ] bread', '[x] bread'));
  expect(withBox(text, 1, false)).toBe(text.replace('[x] milk', '[ ] milk'));
  expect(withBox(text, 9, true)).toBe(text);
});

test('[L12] what looks like a box in code or in a sentence is none', () => {
  const text = 'Write [ ] here\n```\n- [ ] code\n```\n\n    - [ ] indented\n\n- [ ]\n-[ ] glued\n- [ ] real';
  expect(boxesIn(text)).toEqual([text.lastIndexOf('[') + 1]);
});
