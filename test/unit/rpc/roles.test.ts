import { expect, test } from 'vitest';
import { roleOf } from '../../../src/supervisor/rpc/roles.ts';

// 10 supervisor → 20 launched → 21 its child; 10 → 30 spawned → 31 its child; 40 an adopted orphan
const parents = new Map([
  [10, 5],
  [20, 10],
  [21, 20],
  [30, 10],
  [31, 30],
  [40, 10],
  [50, 1],
]);
const roots = {
  supervisorPid: 10,
  uid: 1000,
  launchedPid: () => 20,
  spawnedPids: () => [30],
  isPaired: (pid: number) => [31, 60].includes(pid),
};

test.each([
  { says: 'the launched command is a client', pid: 20, role: 'client' },
  { says: 'so is what it starts', pid: 21, role: 'client' },
  { says: 'a spawned command is a subprocess', pid: 30, role: 'subprocess' },
  { says: 'so is what it starts', pid: 31, role: 'subprocess' },
  { says: 'an adopted orphan gets the lesser role', pid: 40, role: 'subprocess' },
  { says: 'a process from elsewhere is outside', pid: 50, role: 'outside' },
  { says: 'a process that the user paired is a client', pid: 60, role: 'client' },
  { says: 'an unknown process is outside', pid: 99, role: 'outside' },
])('$says ($pid)', ({ pid, role }) => {
  expect(roleOf({ pid, uid: 1000 }, roots, (child) => parents.get(child))).toBe(role);
});

test('another user is refused, and a peer that the kernel does not name is outside', () => {
  expect(roleOf({ pid: 20, uid: 1001 }, roots, (child) => parents.get(child))).toBe('refuse');
  expect(roleOf(undefined, roots, (child) => parents.get(child))).toBe('outside');
});
