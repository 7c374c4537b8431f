import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RedactionTable } from '../../src/supervisor/redaction/table.ts';
import { needle, run } from '../unit/redaction/support.ts';

/** Shapes of the providers' values, none of them real: [value, public prefix]. */
const values: Readonly<Record<string, readonly [string, string]>> = {
  'a token': ['hf_qWeRtYuIoPaSdFgHjKlZxCvBnM12345678', 'hf_'],
  'hex digits': ['8f3a1c5e7b9d2f4a6c8e0b1d3f5a7c9e1b3d5f70', ''],
  'base64 characters': ['wJa+rXUt/FEMI/K7MDENG+bPxRfiCYq9zLkHgT4', ''],
  'dots and dashes': ['secret_my-key_4f9a.Hq2LkZ8xWc6VbN3mRtYuPeSd', 'secret_'],
};

/** Bash texts that show `$V`; `$PORT` is a server that answers with the headers it got, `value` a file. */
const shows: readonly string[] = [
  'printenv V; env -0; export -p; declare -p V; cat /proc/self/environ',
  'printf "%q\\n" "$V"; set -x; : "$V" a',
  'cat -A value; sed -n l value; tr "\\n" , < value; nl value; xargs -a value -t echo',
  'fold -w 11 value; sed "s/./& /g" value; sed "s/../&\\n/g" value; pr -w 40 -t value',
  'od -c value; od -An -tx1 value; xxd value; xxd -p value; hexdump -C value',
  'base64 value; printf %s "user:$V" | base64 -w 20; openssl base64 < value',
  'iconv -t UTF-16 value; iconv -t UTF-32 value; tar c value',
  'curl -sv -u "user:$V" "http://127.0.0.1:$PORT/?t=$V" 2>&1',
  'curl -sv -H "Authorization: Bearer $V" http://127.0.0.1:$PORT/ 2>&1',
  'curl -s --trace-ascii - -H "x: $V" http://127.0.0.1:$PORT/',
  'curl -s --trace - -H "x: $V" http://127.0.0.1:$PORT/',
  'GIT_TRACE_CURL=1 GIT_TRACE_REDACT=0 git -c http.extraHeader="x: $V" ls-remote http://127.0.0.1:$PORT/r 2>&1',
  `python3 -c 'import os,json,pprint;v=os.environ["V"];print({"a":v},v.encode(),repr(repr(v)),[*v],json.dumps({"a":v}));pprint.pprint([v]*3,width=40)'`,
  `python3 -c 'import os;raise ValueError(os.environ["V"])' 2>&1`,
  `python3 -c 'import os,html,textwrap,urllib.parse as u;v=os.environ["V"];print(html.escape(v),u.quote(v),u.urlencode({"k":v}));print(textwrap.fill("a "+v,20))'`,
  `python3 -c 'import os,base64 as b;v=os.environ["V"].encode();print(b.b64encode(v),b.urlsafe_b64encode(b"xx"+v),b.b16encode(v),v.hex(" "),v.hex(" ",4))'`,
  `python3 -c 'import http.client,os;c=http.client.HTTPConnection("127.0.0.1",int(os.environ["PORT"]));c.set_debuglevel(1);c.request("GET","/",headers={"x":os.environ["V"]});c.getresponse()'`,
  `node -e 'const v=process.env.V;console.log(v,[v],{v},JSON.stringify(JSON.stringify({v})),Buffer.from(v),encodeURIComponent(v))'`,
  `node -e 'throw new Error(process.env.V)' 2>&1`,
  `jq -n --arg v "$V" '{v:$v,b:($v|@base64),u:($v|@uri),h:($v|@html),s:($v|@sh),j:($v|@json|@json)}'`,
  `perl -MData::Dumper -e '$Data::Dumper::Useqq=1;print Dumper({a=>$ENV{V}})'`,
  'echo x > other; diff -u other value; diff -y -W 60 other value; cat value value',
  // biome-ignore-start lint/suspicious/noTemplateCurlyInString: texts of bash
  'echo "postgres://user:$V@host/db"; echo "${V:0:24}"; echo "${V:24}"; echo "…${V: -12}"',
  'printf "\\033[1m%s\\033[0m" "${V:0:12}"; printf "\\033[31m%s" "${V:12}"',
  // biome-ignore-end lint/suspicious/noTemplateCurlyInString: texts of bash
];

/** Characters that a value may not share with what is left, its public prefix aside. */
const pieceLength = 9;

let place: string;
let server: Server;

beforeAll(async () => {
  place = mkdtempSync(path.join(tmpdir(), 'tools-'));
  server = createServer((request, response) => {
    response.end(JSON.stringify([request.url, request.headers]));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  server.close();
  rmSync(place, { recursive: true, force: true });
});

/** What a bash text prints, on a pipe or on a terminal of its own. */
function printed(text: string, value: string, mode: 'pipe' | 'tty'): Promise<Buffer> {
  const { port } = server.address() as AddressInfo;
  const argv =
    mode === 'pipe'
      ? ['bash', '-c', text]
      : ['script', '-qec', `bash -c ${quoted(text)}`, '/dev/null'];
  const [program = '', ...args] = argv;
  const env = {
    PATH: process.env.PATH,
    HOME: place,
    TERM: 'xterm',
    SHELL: '/bin/sh',
    V: value,
    PORT: String(port),
  };
  return new Promise((resolve) => {
    execFile(program, args, { cwd: place, env, encoding: 'buffer' }, (_error, stdout) =>
      resolve(stdout),
    );
  });
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** The first piece of a value that a reader can put together from what is left. */
function leaked(safe: Buffer, value: string, prefix: string): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what it is about
  const seen = safe.toString().replace(/\u001b\[[0-9;?]*[A-Za-z]|[\s\0'"\\]/g, '');
  for (let at = prefix.length; at + pieceLength <= value.length; at += 1) {
    const piece = value.slice(at, at + pieceLength);
    if (seen.includes(piece)) return piece;
  }
  return undefined;
}

describe.each(Object.entries(values))('of %s', (_kind, [value, prefix]) => {
  const table = RedactionTable.build([needle(value, 'V', prefix === '' ? [] : [prefix])]);
  test.each(shows)('nothing is left by %s', async (text) => {
    writeFileSync(path.join(place, 'value'), `${value}\n`);
    for (const mode of ['pipe', 'tty'] as const) {
      const raw = await printed(text, value, mode);
      const safe = run(table, raw, [], mode);
      expect(leaked(safe.bytes(), value, prefix)).toBeUndefined();
      // a tool that is not installed here shows nothing
      if (leaked(raw, value, prefix) !== undefined) expect(safe.hits.length).toBeGreaterThan(0);
    }
  });
});
