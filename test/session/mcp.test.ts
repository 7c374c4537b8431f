import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { cleanEnv, synsc } from '../support/session.ts';

const value = 'hf_EXAMPLEonlyNotARealTokenAbCdEf012345';
let place: string;
let client: Client;
let transport: StdioClientTransport;

/** An agent that the session was launched with, and its own MCP server: here `launch` runs that directly. */
beforeAll(async () => {
  place = mkdtempSync(path.join(tmpdir(), 'mcp-'));
  transport = new StdioClientTransport({
    command: synsc,
    args: ['launch', '--no-sync', '--', synsc, 'mcp'],
    env: cleanEnv({ HF_TOKEN: value, XDG_RUNTIME_DIR: place }),
    cwd: place,
  });
  client = new Client({ name: 'test', version: '1' });
  await client.connect(transport);
});
afterAll(async () => {
  await client.close();
  const sessions = () => readdirSync(path.join(place, 'synsc'));
  await vi.waitFor(() => expect(sessions()).toEqual([]), { timeout: 15_000 });
  rmSync(place, { recursive: true, force: true });
});

const textOf = (result: unknown) =>
  (result as { content: { text: string }[] }).content.map(({ text }) => text).join('');

describe('an MCP client of a session', () => {
  test('is told what there is', async () => {
    expect(client.getServerVersion()).toMatchObject({ name: 'synsc' });
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual([
      'spawn',
      'explain',
      'credentials',
      'spawn_authorized',
    ]);
    for (const { inputSchema } of tools) expect(inputSchema.type).toBe('object');
    await client.ping();
  });

  test('runs a command with what it needs, and gets its output redacted', async () => {
    const script = path.join(place, 'shows.py');
    writeFileSync(script, 'import os, sys; print(os.environ["HF_TOKEN"]); sys.exit(3)');
    const result = await client.callTool({
      name: 'spawn',
      arguments: { argv: ['python3', script] },
    });
    expect(textOf(result)).toBe('[REDACTED]\n\n[exit 3]');
    expect(result.structuredContent).toMatchObject({
      exitCode: 3,
      redactions: 1,
      decisions: [{ given: ['HF_TOKEN'] }],
    });
    expect(result.isError).toBeFalsy();
  });

  test('learns what a command would be given, and the names of credentials', async () => {
    const explained = await client.callTool({
      name: 'explain',
      arguments: { command: 'git push && modal deploy x' },
    });
    expect(textOf(explained)).toMatch(/git: given nothing; withheld HF_TOKEN/);
    const listed = await client.callTool({ name: 'credentials', arguments: {} });
    expect(textOf(listed)).toMatch(/^HF_TOKEN \(huggingface, from the environment\) /);
    expect(JSON.stringify(listed)).not.toContain(value);
  });

  test.each([
    {
      says: 'a command that is not there',
      name: 'spawn',
      arguments: { argv: ['nothing-of-the-kind'] },
    },
    { says: 'no command', name: 'spawn', arguments: {} },
    { says: 'arguments of the wrong form', name: 'explain', arguments: { argv: 'ls' } },
    {
      says: 'an authorisation where nobody can be asked',
      name: 'spawn_authorized',
      arguments: { argv: ['printenv', 'HF_TOKEN'], names: ['HF_TOKEN'] },
    },
  ])('is told what to do after $says', async ({ name, arguments: given }) => {
    const result = await client.callTool({ name, arguments: given });
    expect(result.isError).toBe(true);
    expect(textOf(result)).toMatch(/\nhint: ./);
  });

  test('cancels a call, whose command then ends', async () => {
    const abort = new AbortController();
    const call = client.callTool(
      { name: 'spawn', arguments: { argv: ['sleep', '7123.5'] } },
      undefined,
      { signal: abort.signal },
    );
    await expect.poll(() => running('7123.5'), { timeout: 10_000 }).toBe(true);
    abort.abort();
    await expect(call).rejects.toThrow();
    await expect.poll(() => running('7123.5'), { timeout: 10_000 }).toBe(false);
  });
});

function running(mark: string): boolean {
  return readdirSync('/proc').some((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0')[1] === mark;
    } catch {
      return false; // no process, or gone
    }
  });
}
