/**
 * Records what real programs write to a terminal of 80 by 24 cells while a value is on their screen; run
 * by hand (`npx tsx test/unit/redaction/recordings/record.ts [NAME…]`) where the programs are installed.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { spawn } from '@lydell/node-pty';
import { TOKEN } from '../support.ts';

interface Recorded {
  readonly argv: readonly string[];
  /** What a person types, each after the program has been quiet for a moment. */
  readonly keys?: readonly string[];
}

const enter = '\r';
const csi = '\u001b';
const up = `${csi}[A`;
const left = `${csi}[D`;
const print = `print("hf_" + "${TOKEN.slice(3)}")`;
/** Half of it coloured, a cursor movement in it, over and over on one line. */
const progress = `import sys,time
for n in range(5):
    sys.stdout.write("\\r\\033[32m%3d%%\\033[0m |%s| %s" % (n * 25, "#" * n + " " * (4 - n), open("token").read().strip())); sys.stdout.flush(); time.sleep(0.05)
print()`;
const cells = `import sys; t = open("token").read().strip()
sys.stdout.write("\\033[2J" + "".join("\\033[5;%dH%s" % (10 + i, c) for i, c in enumerate(t)) + "\\033[9;1Hend")`;
const curses = `import curses
def main(screen):
    screen.border(); screen.addstr(3, 4, "token " + open("token").read().strip(), curses.A_REVERSE)
    screen.addstr(5, 60, open("token").read().strip()[:15]); screen.refresh(); screen.getch()
    screen.move(3, 4); screen.insstr("a "); screen.refresh(); screen.getch()
curses.wrapper(main)`;
const rich = `from rich.console import Console; from rich.table import Table; from rich.pretty import pprint
t = open("token").read().strip(); table = Table("name", "value"); table.add_row("HF_TOKEN", t); table.add_row("note", "of " + t + " " + "x" * 60)
Console().print(table); pprint({"token": t, "list": [t, t]}); Console().print(t)`;
const bars = `import time; from tqdm import tqdm
for _ in tqdm(range(20), desc=open("token").read().strip(), ncols=78): time.sleep(0.02)`;

const programs: Readonly<Record<string, Recorded>> = {
  cat: { argv: ['cat', 'token', 'long'] },
  'grep-colour': { argv: ['grep', '--color=always', 'AbCdEf', 'token', 'long'] },
  'bash-type': {
    argv: ['bash', '--norc'],
    keys: [`echo ${TOKEN}`, enter, `${up}x`, left, '\b', enter, 'exit\r'],
  },
  'bash-history': {
    argv: ['bash', '--norc'],
    keys: ['cat token\r', '\u0012token', enter, `history\r`, 'exit\r'],
  },
  'zsh-edit': {
    argv: ['zsh', '-f'],
    keys: [`echo ${TOKEN} ${TOKEN}`, '\u0001\u000bclear\r', 'cat token\r', 'exit\r'],
  },
  'python-repl': {
    argv: ['/usr/bin/python3', '-q'],
    keys: [`${print}\r`, `"hf_" + "${TOKEN.slice(3)}"\r`, up, '\u0003', 'exit()\r'],
  },
  'python-progress': { argv: ['/usr/bin/python3', '-c', progress] },
  'python-cells': { argv: ['/usr/bin/python3', '-c', cells] },
  'python-curses': { argv: ['/usr/bin/python3', '-c', curses], keys: ['a', 'b'] },
  'python-rich': { argv: ['/usr/bin/python3', '-c', rich] },
  'python-tqdm': { argv: ['/usr/bin/python3', '-c', bars] },
  less: { argv: ['less', '-S', 'long'], keys: ['/AbCd\r', `${csi}[C`, ' ', 'g', 'q'] },
  'less-wrap': { argv: ['less', 'long'], keys: ['j', 'j', ' ', 'b', 'q'] },
  vim: {
    argv: ['vim', '-u', 'NONE', '-N', 'long'],
    keys: ['/AbCd\r', 'Ox\u001b', 'yyp', ':set number\r', '\u0006', '$x', ':q!\r'],
  },
  'vim-syntax': {
    argv: ['vim', '-u', 'NONE', '-N', '-c', 'syntax on', '-c', 'set hlsearch', 'env.sh'],
    keys: ['/Fake\r', 'A more\u001b', ':q!\r'],
  },
  nano: { argv: ['nano', 'long'], keys: ['\u0017AbCd\r', '\u000b', '\u0018', 'n'] },
  htop: {
    argv: [
      'bash',
      '-c',
      '(exec -a "$(cat token)" sleep 5) & HTOPRC=/dev/null htop -d 2 --no-mouse -F Fake',
    ],
    keys: ['', 'q'],
  },
  fzf: { argv: ['bash', '-c', 'cat long | fzf --no-mouse'], keys: ['AbCd', '\u0010', enter] },
  watch: { argv: ['watch', '-n', '0.3', '-d', 'date +%N; cat token'], keys: ['', '\u0003'] },
  tmux: {
    argv: ['tmux', '-L', 'recording', '-f', '/dev/null', 'new', 'bash --norc'],
    keys: ['cat token\r', `\u0002%`, 'cat long\r', '\u0002o', 'exit\r', 'exit\r'],
  },
  jq: { argv: ['jq', '-C', '.', 'doc.json'] },
  'set-x': {
    argv: [
      'bash',
      '-xc',
      'T=$(cat token); curl -s -H "Authorization: Bearer $T" http://127.0.0.1:9 || echo "$T"',
    ],
  },
  stty: { argv: ['bash', '-c', 'read -rp "token: " t; echo; echo "got $t"'], keys: [TOKEN, enter] },
  script: { argv: ['script', '-qc', 'cat token long', '/dev/null'] },
};

async function record(name: string, { argv, keys = [] }: Recorded): Promise<void> {
  const place = mkdtempSync(path.join(tmpdir(), 'rec-'));
  const filler = 'the quick brown fox jumps over the lazy dog ';
  const lines = Array.from({ length: 60 }, (_, line) =>
    line % 7 === 3 ? `${line} ${filler.slice(0, line)}${TOKEN} ${filler}` : `${line} ${filler}`,
  );
  const files = {
    token: `${TOKEN}\n`,
    long: `${lines.join('\n')}\n`,
    'env.sh': `export HF_TOKEN="${TOKEN}"\nexport A=1 # ${TOKEN}\n`,
    'doc.json': JSON.stringify({ token: TOKEN, list: [1, TOKEN, { a: `x${TOKEN}y` }] }),
  };
  for (const [file, text] of Object.entries(files)) writeFileSync(path.join(place, file), text);
  const env = {
    PATH: '/usr/bin:/bin',
    TERM: 'xterm-256color',
    HOME: place,
    LANG: 'C.UTF-8',
    PS1: '$ ',
  };
  const chunks: Buffer[] = [];
  let last = Date.now();
  const [program = '', ...args] = argv;
  const terminal = spawn(program, args, {
    name: 'xterm-256color',
    cols: 80,
    rows: 24,
    cwd: place,
    env,
    encoding: null,
  });
  terminal.onData((data: unknown) => {
    chunks.push(data as Buffer);
    last = Date.now();
  });
  const exited = new Promise<void>((resolve) => terminal.onExit(() => resolve()));
  const quiet = async () => {
    const until = Date.now() + 3_000;
    await delay(300);
    while (Date.now() - last < 250 && Date.now() < until) await delay(50);
  };
  for (const key of keys) {
    await quiet();
    terminal.write(key);
  }
  await Promise.race([exited, delay(8_000)]);
  await delay(300);
  terminal.kill('SIGKILL');
  rmSync(place, { recursive: true, force: true });
  const bytes = Buffer.concat(chunks);
  writeFileSync(path.join(import.meta.dirname, `${name}.bin`), bytes);
  console.log(name, bytes.length);
}

const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(programs);
for (const name of names) await record(name, programs[name] as Recorded);
