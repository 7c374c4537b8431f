import { lines } from './contexts.ts';
import { deliveries, type Write, write } from './deliveries.ts';
import { inLine, inLines, wide } from './forms.ts';
import { keyForms } from './keys.ts';
import { drawings } from './terminal.ts';
import { makeServiceAccount, makeValues, seeded, type Value } from './values.ts';

type Mode = 'pipe' | 'tty';
/** What a session holds: the values of the providers, or what people keep in their variables. */
type Kind = 'providers' | 'people';

/** One stream with values in it. */
export interface Case {
  readonly says: string;
  readonly session: Kind;
  readonly mode: Mode;
  readonly writes: readonly Write[];
  readonly values: readonly Value[];
  /** Text around the values, in order, that has to be there afterwards. */
  readonly kept: readonly string[];
  /** The very output, where there can be but one. */
  readonly exactly?: string;
}

export function bytesOf({ writes }: Case): Buffer {
  return Buffer.concat(writes.map(({ bytes }) => bytes));
}

interface Text {
  readonly says: string;
  readonly session: Kind;
  readonly mode: Mode;
  readonly text: string | Buffer;
  readonly values: readonly Value[];
  readonly kept?: readonly string[];
  /** Output of a pipe that wrote all at once. */
  readonly exactly?: string | undefined;
}

/** The same streams in each run, for one seed. */
export class Corpus {
  readonly cases: Case[] = [];
  readonly values: ReturnType<typeof makeValues>;
  readonly google = makeServiceAccount(1);
  readonly other = makeServiceAccount(2);
  readonly #random: () => number;
  readonly #tokens: readonly Value[];
  readonly #words: readonly Value[];

  constructor(seed: number) {
    this.#random = seeded(seed);
    this.values = makeValues(seed);
    const { jwt, wandb1, ...tokens } = this.values;
    this.#tokens = Object.values(tokens);
    this.#words = [...people, jwt, wandb1];
    this.#addLines();
    this.#addBlocks();
    this.#addDrawings();
    this.#addHalves();
    this.#addKeys();
  }

  /** Variables of a session's shell; GCP's is the path of a file with this text. */
  variables(session: Kind): { file: string; env: Record<string, string> } {
    const { hf, wandb, wandb1, modalId, modalSecret, lambda, jwt, ...aws } = this.values;
    const [phrase, odd, accents, short, address] = people;
    if (session === 'people') {
      const env = {
        HF_TOKEN: phrase.text,
        WANDB_API_KEY: wandb1.text,
        MODAL_TOKEN_ID: odd.text,
        MODAL_TOKEN_SECRET: accents.text,
        LAMBDA_API_KEY: address.text,
        AWS_ACCESS_KEY_ID: short.text,
        AWS_SECRET_ACCESS_KEY: jwt.text,
      };
      return { file: this.other.pem, env };
    }
    const env = {
      HF_TOKEN: hf.text,
      WANDB_API_KEY: wandb.text,
      MODAL_TOKEN_ID: modalId.text,
      MODAL_TOKEN_SECRET: modalSecret.text,
      LAMBDA_API_KEY: lambda.text,
      AWS_ACCESS_KEY_ID: aws.awsId.text,
      AWS_SECRET_ACCESS_KEY: aws.awsSecret.text,
      AWS_SESSION_TOKEN: aws.awsSession.text,
    };
    return { file: this.google.json, env };
  }

  #pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.#random() * items.length)] as T;
  }

  #add({ text, exactly, ...item }: Text): void {
    const how = this.#pick(Object.keys(deliveries));
    const writes = deliveries[how]?.(Buffer.from(text as string), this.#random) ?? [];
    this.cases.push({
      ...item,
      says: `${this.cases.length} ${item.says}; ${how}; ${item.mode}`,
      writes,
      kept: item.kept ?? [],
      ...(exactly !== undefined && how === 'whole' && { exactly }),
    });
  }

  /** Each form in some lines, and each line with some values. */
  #addLines(): void {
    const forms = Object.keys(inLine);
    for (const form of forms) {
      for (let n = 0; n < 4; n += 1) this.#addLine(form, 'providers', this.#pick(lines));
      for (let n = 0; n < 2; n += 1) this.#addLine(form, 'people', this.#pick(lines));
    }
    for (const line of lines) {
      this.#addLine('raw', 'providers', line);
      this.#addLine('raw', 'people', line);
    }
  }

  #addLine(name: string, session: Kind, line: string): void {
    const value = this.#pick(session === 'people' ? this.#words : this.#tokens);
    const text = line.replaceAll('{}', () => inLine[name]?.(value.text) ?? '');
    const says = `${name} of ${value.name} in ${JSON.stringify(line.slice(0, 50))}`;
    const kept = line.split('{}').filter((part) => part !== '');
    const exactly = name === 'raw' ? line.replaceAll('{}', '[REDACTED]') : undefined;
    this.#add({ says, session, mode: 'pipe', text, values: [value], kept, exactly });
    if (this.#random() < 0.4)
      this.#add({ says, session, mode: 'tty', text, values: [value], kept });
  }

  #addBlocks(): void {
    const { hf, awsSecret, wandb } = this.values;
    const session = 'providers';
    for (const [name, form] of Object.entries(inLines)) {
      for (const value of [hf, this.#pick(this.#tokens), this.#pick(this.#tokens)]) {
        const mode = this.#pick(['pipe', 'tty'] as const);
        const text = `before: ${form(value.text)} :after\n`;
        const says = `${name} of ${value.name}`;
        this.#add({ says, session, mode, text, values: [value], kept: ['before', 'after'] });
      }
    }
    for (const [name, form] of Object.entries(wide)) {
      for (const value of [hf, awsSecret, wandb]) {
        const text = Buffer.from(form(`before ${value.text} after\n`), 'latin1');
        const says = `${name} of ${value.name}`;
        this.#add({ says, session, mode: 'pipe', text, values: [value] });
      }
    }
  }

  #addDrawings(): void {
    const session = 'providers';
    for (const { says: drawing, draw, tty } of drawings) {
      for (const value of [this.values.hf, this.#pick(this.#tokens), this.#pick(this.#tokens)]) {
        const text = draw(value.text);
        const says = `${drawing}: ${value.name}`;
        const kept = text.endsWith('zum') || text.includes(' zum') ? ['zum'] : [];
        if (!tty) this.#add({ says, session, mode: 'pipe', text, values: [value], kept });
        this.#add({ says, session, mode: 'tty', text, values: [value], kept });
      }
    }
  }

  /** Halves of a value on the two streams of one command. */
  #addHalves(): void {
    for (const value of this.#tokens) {
      for (const mode of ['tty', 'pipe'] as const) {
        const middle = Math.floor(value.text.length / 2);
        const writes = [
          write(Buffer.from(`out ${value.text.slice(0, middle)}`)),
          write(Buffer.from(`${value.text.slice(middle)} err\n`), 3, 2),
          write(Buffer.from('\nover\n'), 3),
        ];
        const says = `${this.cases.length} ${value.name}, half of it to stderr; ${mode}`;
        const kept = ['out', 'over'];
        this.cases.push({ says, session: 'providers', mode, writes, values: [value], kept });
      }
    }
  }

  #addKeys(): void {
    const { pem, json, key, keyId } = this.google;
    const kept = ['before', 'after'];
    for (const [name, form] of Object.entries(keyForms(pem, json))) {
      const says = `key: ${name}`;
      const values = name.includes('file') ? [key, keyId] : [key];
      for (const mode of ['pipe', 'tty'] as const) {
        this.#add({
          says,
          session: 'providers',
          mode,
          text: `before ${form} after\n`,
          values,
          kept,
        });
      }
    }
    const bare = this.other;
    for (const [name, form] of Object.entries(keyForms(bare.pem, bare.json)).slice(0, 20)) {
      const says = `bare key: ${name}`;
      const text = `before ${form} after\n`;
      this.#add({ says, session: 'people', mode: 'pipe', text, values: [bare.key], kept });
    }
  }
}

const whole = (text: string, secret = text): Value => ({
  name: text,
  text,
  secret,
  limit: 'whole',
});

/** What people keep in variables. */
const people = [
  whole('correct horse battery staple'),
  whole(`p4$$"w'rd\\x&<y>`),
  whole('pässwörd–日本語–x'),
  whole('Zq7!xK'),
  whole('postgres://ada:V3ry+L0ng%2FPa55@db.example.com:5432/train', 'V3ry+L0ng%2FPa55'),
] as const;
