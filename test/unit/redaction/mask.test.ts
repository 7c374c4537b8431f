import { describe, expect, test } from 'vitest';
import { Mask } from '../../../src/supervisor/redaction/mask.ts';
import { type ParserState, State } from '../../../src/supervisor/redaction/parser.ts';

const M = '[REDACTED]';
const esc = '\u001b';

/** What a mask makes of pieces of a value that come one after the other; `|` where it waits. */
function cover(mode: 'pipe' | 'tty', pieces: string[], state: ParserState = State.ground): string {
  const mask = new Mask(mode, state, state === State.string ? 'payload' : 'text');
  let held = Buffer.alloc(0);
  let out = '';
  for (const [index, piece] of pieces.entries()) {
    const raw = Buffer.concat([held, Buffer.from(piece)]);
    const masked = mask.cover(raw, 0, raw.length, {
      ends: index === pieces.length - 1,
      others: [],
    });
    out += masked.out.toString();
    held = raw.subarray(masked.upTo);
    if (held.length > 0) out += '|';
  }
  expect(held).toHaveLength(0);
  return out;
}

describe('in a pipe', () => {
  test.each([
    ['a value', ['secretvalue'], M],
    ['a short one', ['abc'], M],
    ['one that goes on', ['secret', 'value', ''], M],
    ['line ends and blanks go with it', ['secret\r\n  "value"'], M],
    ['escape sequences stay', [`se${esc}[31mcret${esc}[0m`], `${M}${esc}[31m${esc}[0m`],
    ['also one that is cut', [`se${esc}[3`, `1mcret`], `${M}${esc}[31m`],
    ['a title in it stays', [`se${esc}]0;t\u0007cret`], `${M}${esc}]0;t\u0007`],
    ['and one that ends by ST', [`se${esc}]0;t${esc}\\cret`], `${M}${esc}]0;t${esc}\\`],
  ])('%s', (_, pieces, output) => {
    expect(cover('pipe', pieces)).toBe(output);
  });

  test('a value in a title is the title, and what ends it stays', () => {
    expect(cover('pipe', ['secret'], State.string)).toBe(M);
    expect(cover('pipe', ['secret\u0007'], State.string)).toBe(`${M}\u0007`);
    expect(cover('pipe', ['sec', `ret${esc}\\`], State.string)).toBe(`${M}${esc}\\`);
    expect(cover('pipe', [`sec${esc}[1mret`])).toBe(`${M}${esc}[1m`);
  });

  test('only the stretch that was named is masked', () => {
    const { out, upTo } = new Mask('pipe', State.ground).cover(Buffer.from('a secret b'), 2, 8, {
      ends: true,
      others: [],
    });
    expect([out.toString(), upTo]).toEqual([M, 8]);
  });
});

describe('on a terminal', () => {
  test.each([
    ['ten cells', ['tencells10'], M],
    ['more cells', ['fifteen cells..'], '******* *******'],
    ['more cells in a row', ['fifteencells...'], `${M}     `],
    ['nine', ['ninecells'], '*********'],
    ['none', [''], ''],
    ['two rows, the second wide enough', ['short tencells10x'], `***** ${M} `],
    ['line ends, tabs and DEL stay', ['ab\r\ncd\tef\u007fg'], '**\r\n**\t**\u007f*'],
    ['the marker once only', ['tencells10 tencells10'], `${M}           `],
    ['wide characters have two cells', ['鍵鍵鍵鍵鍵'], M],
    ['and narrow ones of many bytes one', ['éééé'], '****'],
    ['colour in it stays', [`ten${esc}[31mcells10`], `[RE${esc}[31mDACTED]`],
    ['a title in it stays', [`ten${esc}]0;t\u0007cells10`], `[RE${esc}]0;t\u0007DACTED]`],
    ['colour in a narrow one', [`ab${esc}[1mc`], `**${esc}[1m*`],
    ['an overstrike takes the same cell', ['x\bxy\by'], '*\b**\b*'],
    ['what is written over once more', [`ten\b\b\bten`], '***\b\b\b***'],
    ['overstrikes in a wide row', [overstruck('tencells10more')], undefined],
    ['overstrikes, cut', [...overstruck('tencells10more')], undefined],
    ['a wide row, once more', [`tencells10more${'\b'.repeat(14)}tencells10more`], undefined],
    ['cut behind the row', [`tencells10more`, `${'\b'.repeat(14)}tencells10more`], undefined],
  ] as const)('%s', (_, pieces, output) => {
    const shown = cover('tty', [...pieces]);
    if (output !== undefined) expect(shown).toBe(output);
    else expect(cellsShown(shown)).toBe(`${M}    `);
  });

  test.each([
    ['a row that may grow waits', ['tence', 'lls10'], `|${M}`],
    ['what is in front of the row does not', ['ab cd', 'e'], '** |***'],
    ['the marker is not begun before it fits', ['a\r\ntencells', '10'], `*\r\n|${M}`],
    ['once it stands nothing waits', ['tencells10', 'more', 'x'], `${M}     `],
    [
      'a sequence in a row that waits, waits too',
      [`te${esc}[1mn`, 'cells10'],
      `|[R${esc}[1mEDACTED]`,
    ],
    ['the parser goes on where the row waits', [`te${esc}[`, '1mncells10'], `|[R${esc}[1mEDACTED]`],
  ] as const)('%s', (_, pieces, output) => {
    const shown = cover('tty', [...pieces]);
    if (output === undefined)
      expect(shown).toBe(`|[RE${esc}[1mDACTED]`.replace('[RE', '[R').replace('mDA', 'mEDA'));
    else expect(shown).toBe(output);
  });

  test('goes on in the state that it is told', () => {
    const mask = new Mask('tty', State.ground);
    mask.cover(Buffer.from('tencells10'), 0, 10, { ends: false, others: [] });
    mask.goOn(State.csi);
    const raw = Buffer.from('31mab');
    expect(mask.cover(raw, 0, raw.length, { ends: true, others: [] }).out.toString()).toBe('31m  ');
  });

  test('a character that is cut by the end of the stretch takes its cells', () => {
    const raw = Buffer.from('é');
    expect(
      new Mask('tty', State.ground).cover(raw, 0, 1, { ends: true, others: [] }),
    ).toMatchObject({ upTo: 1 });
  });
});

/** Each character over an underline, as manual pages have it. */
function overstruck(text: string): string {
  return [...text].map((c) => `_\b${c}`).join('');
}

/** What cells show in which bytes of one character are put over each other. */
function cellsShown(text: string): string {
  const cells: string[] = [];
  let at = 0;
  for (const character of text.replaceAll('|', '')) {
    if (character === '\b') at -= 1;
    else {
      cells[at] = character;
      at += 1;
    }
  }
  return cells.join('');
}
