import { describe, expect, test } from '@jest/globals';
import { isTimeZone } from '../../../lib/time-zone.ts';

describe('a time zone', () => {
  test.each(['UTC', 'Europe/Berlin', 'Asia/Kolkata', 'US/Eastern', 'Etc/GMT+5'])(
    '%s is the name of one',
    (name) => {
      expect(isTimeZone(name)).toBe(true);
    },
  );
  test.each([
    '',
    'europe/berlin',
    'Europe/BERLIN',
    '+01:00',
    'GMT+1',
    'Berlin',
    'Mars/Olympus',
    'A'.repeat(51),
    '../etc',
  ])('%s is not the name of one', (name) => {
    expect(isTimeZone(name)).toBe(false);
  });
});
