import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cleanEnv, root, synsc } from '../../support/session.ts';

const value = 'hf_EXAMPLEonlyNotARealTokenAbCdEf012345';

/** Each makes the same calls and prints the answers' results, or the error's code, one a line. */
const calls = [
  { method: 'ping', params: {} },
  { method: 'explain', params: { argv: ['git', 'status'] } },
  { method: 'spawn', params: { command: 'printf "%s" "a b"; echo gr\u00fc\u00dfe >&2; exit 3' } },
  { method: 'spawn', params: { argv: ['printf', value] } },
  { method: 'output', params: { processId: 'nothing' } },
  { method: 'nothing', params: {} },
];
const programs = {
  curl: `while read -r line; do
  curl -sS --unix-socket "$SYNSC_SOCKET" -H 'content-type: application/json' http://s/rpc -d "$line"; echo
done < calls`,
  'python http': `exec python3 - <<'E'
import http.client, os, socket
class Unix(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(os.environ['SYNSC_SOCKET'])
session = Unix('session')
for line in open('calls', 'rb'):
    session.request('POST', '/rpc', line, {'content-type': 'application/json'})
    print(session.getresponse().read().decode())
E`,
  'python lines': `exec python3 - <<'E'
import os, socket
session = socket.socket(socket.AF_UNIX)
session.connect(os.environ['SYNSC_SOCKET'])
answers = session.makefile()
for line in open('calls', 'rb'):
    session.sendall(line)
    print(answers.readline(), end='')
E`,
  node: `exec node --input-type=module -e '
import { readFileSync } from "node:fs";
import { request } from "node:http";
for (const line of readFileSync("calls", "utf8").trim().split("\\n")) {
  await new Promise((resolve) => {
    const call = request({ socketPath: process.env.SYNSC_SOCKET, path: "/rpc", method: "POST", headers: { "content-type": "application/json" } });
    call.on("response", (answer) => answer.setEncoding("utf8").on("data", (text) => process.stdout.write(text)).on("end", () => { console.log(); resolve(); }));
    call.end(line);
  });
}'`,
  'node client': `exec node --import file://${root}/node_modules/tsx/dist/loader.mjs --input-type=module -e '
import { readFileSync } from "node:fs";
import { connect } from "${root}/protocol/client.ts";
const session = await connect(process.env.SYNSC_SOCKET);
for (const line of readFileSync("calls", "utf8").trim().split("\\n")) {
  const { method, params } = JSON.parse(line);
  console.log(JSON.stringify(await session.call(method, params).then((result) => ({ result }), ({ code, message, data }) => ({ error: { code, message, data } }))));
}
session.close();'`,
};

let place: string;
beforeAll(() => {
  place = mkdtempSync(path.join(tmpdir(), 'c-'));
  const lines = calls.map((call, id) => JSON.stringify({ jsonrpc: '2.0', id, ...call }));
  writeFileSync(path.join(place, 'calls'), `${lines.join('\n')}\n`);
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

function launch(script: string): Promise<string> {
  const child = spawn(synsc, ['launch', '--no-sync', '--', 'bash', '-c', script], {
    env: cleanEnv({ XDG_RUNTIME_DIR: place, HF_TOKEN: value }),
    cwd: place,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  return new Promise((resolve) => {
    child.once('close', () => resolve(out));
  });
}

test.each(Object.entries(programs))(
  '%s gets the same answers as every other client',
  async (_name, script) => {
    const lines = (await launch(script)).trim().split('\n');
    const answers = lines.map((line) => JSON.parse(line) as Record<string, object>);
    expect(answers.map(({ result, error }) => result ?? error)).toMatchObject([
      { role: 'client', protocolVersion: 1 },
      { decisions: [{ program: 'git', given: [], withheld: ['HF_TOKEN'] }] },
      { exitCode: 3, stdout: 'a b', stderr: 'gr\u00fc\u00dfe\n', truncated: false },
      { exitCode: 0, stdout: '[REDACTED]', redactions: 1 },
      { code: -32003, data: { code: 'NO_SUCH_PROCESS', hint: expect.any(String) } },
      { code: -32601, data: { code: 'METHOD_NOT_FOUND' } },
    ]);
  },
);
