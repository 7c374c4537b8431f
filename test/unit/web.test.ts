import { describe, expect, test } from 'vitest';
import { browserName } from '../../src/dashboard/web/browser.ts';
import { nearness } from '../../src/dashboard/web/nearness.ts';
import { duration } from '../../src/dashboard/web/time.tsx';

describe('how near a machine is to the browser', () => {
  test.each([
    ['127.0.0.1', '::1', 'same machine'],
    ['::ffff:127.0.0.1', '127.0.0.8', 'same machine'],
    ['192.0.2.7', '192.0.2.7', 'same address'],
    ['::ffff:192.0.2.7', '192.0.2.7', 'same address'],
    ['192.0.2.7', '192.0.2.99', 'same network'],
    ['192.0.2.7', '192.0.3.7', 'other network'],
    ['2001:db8:1:2::1', '2001:db8:1:2:ffff::9', 'same network'],
    ['2001:db8:1:2::1', '2001:db8:1:3::1', 'other network'],
    ['192.0.2.7', '2001:db8::1', 'other network'],
    ['127.0.0.1', '192.0.2.7', 'other network'],
    ['nonsense', '192.0.2.7', 'other network'],
  ])('%s seen from %s: %s', (request, browser, expected) =>
    expect(nearness(request, browser)).toBe(expected),
  );
});

test.each([
  ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox on Linux'],
  [
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0 Safari/537.36',
    'Chrome on Linux',
  ],
  [
    'Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/156.0 Safari/537.36 Edg/156.0',
    'Edge on Windows',
  ],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1',
    'Safari on iPhone',
  ],
  ['curl/8.5.0', 'curl'],
  ['', 'Unknown browser'],
])('%s is %s', (agent, name) => expect(browserName(agent)).toBe(name));

test.each([
  [0, '0 s'],
  [59, '59 s'],
  [60, '1 min'],
  [3_600 * 3 + 300, '3 h 5 min'],
  [86_400 * 2 + 3_600 * 4 + 59, '2 d 4 h'],
  [86_400, '1 d'],
  [-5, '0 s'],
])('%i seconds last %s', (seconds, text) =>
  expect(duration(new Date(0), new Date(seconds * 1000))).toBe(text),
);
