import { expect, test } from 'vitest';
import { pieces, slots } from './sentence.ts';
import { t } from './language.ts';

test('[DE10] a sentence is cut where something is drawn, in the order of its language', () => {
  expect(pieces(t('It may be in the {trash}.', slots('trash')))).toEqual([
    { isSlot: false, text: 'It may be in the ' },
    { isSlot: true, text: 'trash' },
    { isSlot: false, text: '.' },
  ]);
});
