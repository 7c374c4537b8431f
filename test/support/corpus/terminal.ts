/** What terminals are told to show, and the bytes that show it. `tty`: it makes sense on a terminal only. */
export interface Drawing {
  readonly says: string;
  readonly draw: (text: string) => string;
  readonly tty?: true;
}

const each = (text: string, change: (character: string, at: number) => string) =>
  [...text].map(change).join('');
const half = (text: string) => Math.floor(text.length / 2);
const cut = (text: string, at = half(text)) => [text.slice(0, at), text.slice(at)] as const;
const rows = (text: string, width: number) => text.match(new RegExp(`.{1,${width}}`, 'gs')) ?? [];

export const drawings: readonly Drawing[] = [
  {
    says: 'colour before each character',
    draw: (t) => `${each(t, (c, i) => `\x1b[38;5;${i % 256}m${c}`)}\x1b[0m`,
  },
  {
    says: 'true colour for each character',
    draw: (t) => each(t, (c, i) => `\x1b[38;2;${i};${200 - i};9m${c}\x1b[39m`),
  },
  { says: 'colour with colons', draw: (t) => `${each(t, (c) => `\x1b[38:2::1:2:3m${c}`)}\x1b[m` },
  {
    says: 'a match in colour, as grep',
    draw: (t) => {
      const [a, b] = cut(t);
      return `\x1b[35m\x1b[Kenv\x1b[m\x1b[K:T=${a}\x1b[01;31m\x1b[K${b.slice(0, 4)}\x1b[m\x1b[K${b.slice(4)} zum\n`;
    },
  },
  { says: 'the whole in colour', draw: (t) => `a \x1b[1;31m${t}\x1b[0m b\n` },
  {
    says: 'colour that ends inside',
    draw: (t) => {
      const [a, b] = cut(t, 5);
      return `\x1b[7m${a}\x1b[27m${b} tail\n`;
    },
  },
  { says: 'overstruck in bold, as man', draw: (t) => `NAME ${each(t, (c) => `${c}\b${c}`)} zum\n` },
  { says: 'underlined by overstrike', draw: (t) => `NAME ${each(t, (c) => `_\b${c}`)} zum\n` },
  {
    says: 'bold and underlined by overstrike',
    draw: (t) => `NAME ${each(t, (c) => `_\b${c}\b${c}`)} zum\n`,
  },
  {
    says: 'typed wrong and erased',
    draw: (t) => {
      const [a, b] = cut(t);
      return `$ ${a}zz\b \b\b \b${b} zum\n`;
    },
  },
  {
    says: 'a letter typed twice and taken back',
    draw: (t) => `${each(t, (c) => `xy\b\b${c}`)} zum\n`,
  },
  { says: 'in the title', draw: (t) => `\x1b]0;ada ${t} home\x07prompt$ ` },
  { says: 'in the title, ended by ST', draw: (t) => `\x1b]2;${t}\x1b\\prompt$ ` },
  {
    says: 'in a link',
    draw: (t) => `\x1b]8;;https://ada:${t}@example.com/\x1b\\link\x1b]8;;\x1b\\ after\n`,
  },
  {
    says: 'as the text of a link',
    draw: (t) => `\x1b]8;id=1;https://example.com\x07${t}\x1b]8;;\x07 after\n`,
  },
  {
    says: 'in the clipboard',
    draw: (t) => `\x1b]52;c;${Buffer.from(t).toString('base64')}\x07prompt$ `,
  },
  {
    says: 'in the clipboard with more',
    draw: (t) => `\x1b]52;c;${Buffer.from(`export T=${t}\n`).toString('base64')}\x1b\\prompt$ `,
  },
  {
    says: 'in a notice',
    draw: (t) => `\x1b]777;notify;Title;token ${t}\x07\x1b]9;${t}\x07ok\n`,
  },
  {
    says: 'in the working directory',
    draw: (t) => `\x1b]7;file://host/home/${t}\x07ok$ `,
  },
  {
    says: 'as a mark of a shell',
    draw: (t) => `\x1b]133;A\x07$ \x1b]133;B\x07echo ${t}\x1b]133;C\x07\n${t}\n\x1b]133;D;0\x07`,
  },
  {
    says: 'passed through tmux',
    draw: (t) => `\x1bPtmux;\x1b\x1b]52;c;${Buffer.from(t).toString('base64')}\x07\x1b\\ok\n`,
  },
  {
    says: 'passed through tmux, plain',
    draw: (t) => `\x1bPtmux;\x1b\x1b]0;${t}\x07\x1b\\ok\n`,
  },
  {
    says: 'in a DCS',
    draw: (t) => `\x1bP+q${Buffer.from(t).toString('hex')}\x1b\\ok\n`,
  },
  {
    says: 'in an APC',
    draw: (t) => `\x1b_Gf=24;${Buffer.from(t).toString('base64')}\x1b\\ok\n`,
  },
  { says: 'in a PM', draw: (t) => `\x1b^${t}\x1b\\ok\n` },
  { says: 'in a title that never ends', draw: (t) => `\x1b]0;${t}` },
  {
    says: 'with a title between its halves',
    draw: (t) => {
      const [a, b] = cut(t);
      return `T=${a}\x1b]0;busy\x07${b} zum\n`;
    },
  },
  {
    says: 'with a mode change between its halves',
    draw: (t) => {
      const [a, b] = cut(t);
      return `T=${a}\x1b[?25l\x1b[?25h${b} zum\n`;
    },
  },
  { says: 'in a C1 string', draw: (t) => `\u009d0;${t}\u009cok\n` },
  {
    says: 'with character sets between',
    draw: (t) => {
      const [a, b] = cut(t);
      return `${a}\x1b(B\x0f${b} zum\n`;
    },
  },
  {
    says: 'in a synchronised update',
    draw: (t) => {
      const [a, b] = cut(t);
      return `\x1b[?2026h${a}\x1b[?2026l\x1b[?2026h${b}\x1b[?2026l zum\n`;
    },
  },
  {
    says: 'on the alternate screen',
    draw: (t) => `\x1b[?1049h\x1b[2J\x1b[H~ line one\r\n~ T=${t} two\r\n~ three\x1b[5;1Hstatus`,
    tty: true,
  },
  {
    says: 'in two halves by address',
    draw: (t) => {
      const [a, b] = cut(t);
      return `\x1b[2J\x1b[3;5H${a}\x1b[3;${5 + a.length}H${b}\x1b[6;1Hzum`;
    },
    tty: true,
  },
  {
    says: 'in two halves, the second first',
    draw: (t) => {
      const [a, b] = cut(t);
      return `\x1b[2J\x1b[3;${5 + a.length}H${b}\x1b[3;5H${a}\x1b[6;1Hzum`;
    },
    tty: true,
  },
  {
    says: 'halves with another row between',
    draw: (t) => {
      const [a, b] = cut(t);
      return `\x1b[2J\x1b[3;5H${a}\x1b[5;1Hother words\x1b[3;${5 + a.length}H${b}\x1b[6;1Hzum`;
    },
    tty: true,
  },
  {
    says: 'moved to for each character',
    draw: (t) => `\x1b[2J${each(t, (c, i) => `\x1b[4;${3 + i}H${c}`)}\x1b[7;1Hzum`,
    tty: true,
  },
  {
    says: 'moved in the column for each character',
    draw: (t) => `\r${each(t, (c, i) => `\x1b[${3 + i}G${c}`)} zum\r\n`,
    tty: true,
  },
  {
    says: 'with cursor-forward over what is there',
    draw: (t) => {
      const [a, b] = cut(t);
      return `\r${a}\r\x1b[${a.length}C${b} zum\r\n`;
    },
    tty: true,
  },
  {
    says: 'redrawn after a carriage return',
    draw: (t) => `$ ${t.slice(0, 12)}\r$ ${t.slice(0, 24)}\r$ ${t} zum\r\n`,
    tty: true,
  },
  {
    says: 'halves joined by an inserted middle',
    draw: (t) => {
      const [a, b] = cut(t);
      return `\r${a.slice(0, -4)}${b}\x1b[${b.length}D\x1b[4@${a.slice(-4)}\r\n zum\r\n`;
    },
    tty: true,
  },
  {
    says: 'with a character too much, deleted',
    draw: (t) => {
      const [a, b] = cut(t);
      return `\r${a}#${b}\x1b[${b.length + 1}D\x1b[P\r\n zum\r\n`;
    },
    tty: true,
  },
  {
    says: 'in insert mode',
    draw: (t) => {
      const [a, b] = cut(t);
      return `\r${b}\r\x1b[4h${a}\x1b[4l\r\n zum\r\n`;
    },
    tty: true,
  },
  {
    says: 'in a scroll region',
    draw: (t) => `\x1b[2;6r\x1b[6;1Hone\r\nT=${t}\r\ntwo\x1b[r\x1b[10;1Hzum`,
    tty: true,
  },
  { says: 'scrolled backwards', draw: (t) => `\x1b[H\x1bMT=${t}\x1bM\rtop\x1b[8;1Hzum`, tty: true },
  { says: 'wrapped at the right margin', draw: (t) => `${'w'.repeat(70)} ${t} zum\r\n`, tty: true },
  {
    says: 'wrapped as less does',
    draw: (t) => {
      const [a, b] = cut(t, 9);
      return `${'w'.repeat(71)}${a}${b.slice(0, 1)} \b${b.slice(1)} zum\r\n`;
    },
    tty: true,
  },
  {
    says: 'between saved cursors',
    draw: (t) => {
      const [a, b] = cut(t);
      return `\r${a}\x1b7\x1b[9;1Hstatus\x1b8${b}\r\n zum`;
    },
    tty: true,
  },
  {
    says: 'cleared and drawn again',
    draw: (t) => `${t}\r\x1b[K${t}\r\x1b[2K${t} zum\r\n`,
    tty: true,
  },
  {
    says: 'in the cells of a table, 20 wide',
    draw: (t) =>
      `┌────┐\n${rows(t, 20)
        .map((row, i) => `│ ${i === 0 ? 'TOKEN' : '     '} │ ${row.padEnd(20)} │\n`)
        .join('')}└────┘ zum\n`,
  },
  {
    says: 'in the cells of a table, 14 wide',
    draw: (t) =>
      `+----+\n${rows(t, 14)
        .map((row, i) => `| ${i === 0 ? 'TOKEN' : '     '} | ${row.padEnd(14)} |\n`)
        .join('')}+----+ zum\n`,
  },
  {
    says: 'on a progress bar',
    draw: (t) =>
      [1, 2, 3].map((n) => `\r${n}0%|${'█'.repeat(n)}${' '.repeat(9 - n)}| ${t}`).join('') +
      '\r\ndone zum\n',
    tty: true,
  },
  {
    says: 'in a box that is drawn first',
    draw: (t) =>
      `\x1b[2J\x1b[2;2H┌${'─'.repeat(60)}┐\x1b[3;2H│\x1b[3;62H│\x1b[3;4H\x1b[1m${t.slice(0, 50)}\x1b[0m\x1b[5;1Hzum`,
    tty: true,
  },
  { says: 'with tabs between', draw: (t) => `${rows(t, 8).join('\t')} zum\n` },
  {
    says: 'with repeated characters',
    draw: (t) => {
      const [a, b] = cut(t);
      return `${a}\x1b[0b${b} zum\n`;
    },
  },
  { says: 'with NUL and DEL padding', draw: (t) => `${each(t, (c) => `${c}\0\x7f`)} zum\n` },
  {
    says: 'with an aborted sequence',
    draw: (t) => {
      const [a, b] = cut(t);
      return `${a}\x1b[12\x18${b} zum\n`;
    },
  },
  {
    says: 'with bracketed paste',
    draw: (t) => `\x1b[?2004h$ \x1b[7m${t}\x1b[27m\r\n\x1b[?2004lzum\r\n`,
    tty: true,
  },
  {
    says: 'as zsh draws while typing',
    draw: (t) =>
      `\x1b[?2004h% ${each(t, (c, i) => `${i > 0 ? `\b${t[i - 1] ?? ''}` : ''}${c}`)}\x1b[K\r\nzum\r\n`,
    tty: true,
  },
];
