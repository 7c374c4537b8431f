/** The shapes that files and tools give a private key and the file of a service account. */
export function keyForms(pem: string, file: string): Record<string, string> {
  const body = pem.split('\n').slice(1, -2);
  const lines = pem.split('\n');
  const small = JSON.stringify(JSON.parse(file));
  const base64 = Buffer.from(file).toString('base64');
  const each = (change: (line: string, at: number) => string) => lines.map(change).join('\n');
  return {
    raw: pem,
    'with CR LF': pem.replaceAll('\n', '\r\n'),
    'with CR CR LF': pem.replaceAll('\n', '\r\r\n'),
    'with CR': pem.replaceAll('\n', '\r'),
    indented: each((line) => `    ${line}`),
    quoted: each((line) => `> ${line}`),
    'with line numbers': each((line, at) => `${String(at + 1).padStart(6)}\t${line}`),
    'as a diff': each((line) => `+${line}`),
    'in a log': each((line, at) => `2026-11-26 20:00:${at + 10} INFO ${line}`),
    'in a box': body.map((line) => `│ ${line} │`).join('\n'),
    'in colour': body.map((line) => `\u001b[32m${line}\u001b[0m`).join('\n'),
    'in colour, each character': [...pem]
      .map((character, at) => `\u001b[3${at % 8}m${character}`)
      .join(''),
    'in one line': body.join(''),
    'wrapped at 60': body.join('').replace(/.{60}/g, '$&\n'),
    'a line of the middle': `x ${body[10]} y`,
    'half a line': `x ${body[10]?.slice(0, 30)} y`,
    'the last line': `x ${body.at(-1)} y`,
    'in JSON': JSON.stringify(pem),
    'in JSON in JSON': JSON.stringify(JSON.stringify(pem)),
    'in JSON, three times': JSON.stringify(JSON.stringify(JSON.stringify(pem))),
    'joined by n': body.join('n'),
    'lines of Python': each((line) => `'${line}\\n'`),
    'lines of JavaScript': each((line) => `'${line}\\n' +`),
    'a block of YAML': `key: |\n${each((line) => `  ${line}`)}`,
    'in XML': `<key>${pem.replaceAll('\n', '&#10;')}</key>`,
    'in a form': new URLSearchParams({ key: pem }).toString(),
    'percent-encoded': encodeURIComponent(pem),
    'as base64': Buffer.from(pem).toString('base64'),
    'as hex': Buffer.from(pem).toString('hex'),
    'the rows of a dump': dump(Buffer.from(pem)),
    'the file': file,
    'the file in one line': small,
    'the file in a file': JSON.stringify({ credentials: file, n: 1 }),
    'the file as base64': base64,
    'the file as base64, wrapped': base64.replace(/.{76}/g, '$&\n'),
    'the file as base64 in YAML': base64.replace(/.{60}/g, '$&\n    '),
    'the small file as base64': Buffer.from(small).toString('base64'),
  };
}

/** As `hexdump -C` writes it. */
function dump(bytes: Buffer): string {
  const rows: string[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const row = bytes.subarray(at, at + 16);
    const pairs = row.toString('hex').replace(/../g, '$& ').padEnd(48);
    const text = row.toString('latin1').replace(/[^ -~]/g, '.');
    rows.push(`${at.toString(16).padStart(8, '0')}  ${pairs} |${text}|`);
  }
  return rows.join('\n');
}
