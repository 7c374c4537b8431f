import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { catalog, providerOf } from '../../../src/provider/catalog.ts';
import { decide } from '../../../src/supervisor/policy/decide.ts';
import { entryOf } from '../../../src/supervisor/policy/entry.ts';
import type { Facts, Place, ProgramFacts } from '../../../src/supervisor/policy/facts.ts';
import { programsIn, toldOf } from '../../../src/supervisor/policy/programs.ts';
import { scanPython } from '../../../src/supervisor/policy/python.ts';
import { baseName } from '../../../src/supervisor/policy/tools.ts';
import { inspect } from '../../../src/supervisor/policy/words.ts';
import { throughRunner } from '../../../src/supervisor/policy/wrappers.ts';

const available = catalog.flatMap((provider) => provider.variables.map((one) => one.name));
const HF = ['HF_TOKEN'];
const WANDB = ['WANDB_API_KEY'];
const MODAL = ['MODAL_TOKEN_ID', 'MODAL_TOKEN_SECRET'];
const LAMBDA = ['LAMBDA_API_KEY'];
const AWS = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'];
const GCP = ['GOOGLE_APPLICATION_CREDENTIALS'];

interface Setting {
  env?: Record<string, string>;
  place?: Place;
  /** Text of the Python file that the command names. */
  file?: string;
  /** W&B is installed beside a transformers that logs to it by default. */
  logsByItself?: boolean;
}

function facts(
  command: string,
  { env = {}, place = 'installed', file, logsByItself = false }: Setting = {},
): Facts {
  const found = programsIn(inspect(command));
  if (found === undefined) return { shape: 'opaque', programs: [], env };
  const programs = found.words.map((words): ProgramFacts => {
    if (found.functions.has(words.name)) return { words, place: 'function' };
    const inner = throughRunner(words) ?? words;
    const entry = entryOf(baseName(inner.name), inner.args);
    const { stdin } = inner;
    const given =
      stdin !== undefined && stdin !== 'unknown' && 'text' in stdin ? stdin.text : undefined;
    const source = entry?.kind === 'inline' ? entry.text : entry?.kind === 'stdin' ? given : file;
    const use = source === undefined || entry?.kind === 'none' ? undefined : scanPython(source);
    return { words, place, ...(entry && { entry }), ...(use && { use, logsByItself }) };
  });
  const shape = found.lone ? 'lone' : 'compound';
  return { shape, programs: toldOf(programs), env };
}

const given = (command: string, setting?: Setting): string[] =>
  decide(facts(command, setting), available).flatMap((one) => one.given);

type Row = readonly [string, readonly string[], string, Setting?];

const table: readonly Row[] = [
  // Each provider's own tools
  ['aws s3 ls', AWS, 'aws-cli'],
  ['aws s3 cp "$FILE" s3://bucket', AWS, 'aws-cli'],
  ['aws --region eu-west-1 s3 ls > out.txt 2>&1', AWS, 'aws-cli'],
  ['AWS_REGION=eu-west-1 aws s3 ls', AWS, 'aws-cli'],
  ['/usr/bin/aws s3 ls', AWS, 'aws-cli'],
  ['\\aws s3 ls', AWS, 'aws-cli'],
  ['sam deploy', AWS, 'aws-cli'],
  ['cdk deploy', AWS, 'aws-cli'],
  ['eksctl get cluster', AWS, 'aws-cli'],
  ['gcloud compute instances list', GCP, 'gcp-cli'],
  ['gsutil ls', GCP, 'gcp-cli'],
  ['bq query x', GCP, 'gcp-cli'],
  ['gcloud config set project p', GCP, 'gcp-cli'],
  ['hf download gpt2', HF, 'huggingface-cli'],
  ['hf auth whoami', HF, 'huggingface-cli'],
  ['huggingface-cli upload a b', HF, 'huggingface-cli'],
  ['tiny-agents run x', HF, 'huggingface-cli'],
  ['wandb sync run', WANDB, 'wandb-cli'],
  ['wb sync run', WANDB, 'wandb-cli'],
  ['modal run app.py', MODAL, 'modal-cli'],
  ['modal deploy app.py', MODAL, 'modal-cli'],
  ['lambda-cloud instances list', LAMBDA, 'lambda-cli'],
  ['python -m modal deploy app.py', MODAL, 'modal-cli'],
  ['python3 -m wandb sync run', WANDB, 'wandb-cli'],
  ['python3 -m awscli s3 ls', AWS, 'aws-cli'],
  ['aws configure list', AWS, 'aws-cli'],
  ['aws configure get region', AWS, 'aws-cli'],
  // Signing in, exporting, printing
  ['aws configure', [], 'sign-in-command'],
  ['aws configure set a b', [], 'sign-in-command'],
  ['aws configure export-credentials', [], 'sign-in-command'],
  ['aws --region x configure export-credentials', [], 'sign-in-command'],
  ['aws $COMMAND', [], 'sign-in-command'],
  ['aws sso login', [], 'sign-in-command'],
  ['gcloud auth login', [], 'sign-in-command'],
  ['gcloud --quiet auth print-access-token', [], 'sign-in-command'],
  ['gcloud auth --verbosity debug print-access-token', [], 'sign-in-command'],
  ['gcloud auth activate-service-account', [], 'sign-in-command'],
  ['gcloud beta auth login', [], 'sign-in-command'],
  ['gcloud auth application-default print-access-token', [], 'sign-in-command'],
  ['hf auth login', [], 'sign-in-command'],
  ['hf auth token', [], 'sign-in-command'],
  ['hf auth switch', [], 'sign-in-command'],
  ['huggingface-cli login', [], 'sign-in-command'],
  ['wandb login', [], 'sign-in-command'],
  ['python -m wandb login', [], 'sign-in-command'],
  ['modal setup', [], 'sign-in-command'],
  ['modal token set', [], 'sign-in-command'],
  ['modal token new', [], 'sign-in-command'],
  // Another credential or host
  ['aws --profile work s3 ls', [], 'foreign-option'],
  ['aws s3 ls --profile=work', [], 'foreign-option'],
  ['aws s3 ls --no-sign-request', [], 'foreign-option'],
  ['aws --endpoint-url https://evil.test s3 ls', [], 'foreign-option'],
  ['aws --endpoint-url=http://s3.amazonaws.com s3 ls', [], 'foreign-option'],
  ['aws --endpoint-url https://amazonaws.com.evil.test s3 ls', [], 'foreign-option'],
  ['aws --endpoint-url https://s3.eu-west-1.amazonaws.com s3 ls', AWS, 'aws-cli'],
  ['AWS_ENDPOINT_URL_S3=https://evil.test aws s3 ls', [], 'redirected'],
  ['AWS_ENDPOINT_URL=$X aws s3 ls', [], 'redirected'],
  ['AWS_PROFILE=work aws s3 ls', [], 'redirected'],
  ['aws s3 ls', [], 'redirected', { env: { AWS_ENDPOINT_URL: 'http://127.0.0.1:4566' } }],
  ['hf download gpt2', [], 'redirected', { env: { HF_ENDPOINT: 'https://evil.test' } }],
  ['hf download gpt2', HF, 'huggingface-cli', { env: { HF_ENDPOINT: 'https://huggingface.co' } }],
  ['wandb sync', [], 'redirected', { env: { WANDB_BASE_URL: 'https://evil.test' } }],
  ['MODAL_SERVER_URL=https://evil.test modal run a.py', [], 'redirected'],
  [
    'python t.py',
    WANDB,
    'python-script',
    { file: 'import wandb', env: { HF_ENDPOINT: 'http://x' } },
  ],
  // Foreign code, foreign programs
  ['aws s3 ls', [], 'injection', { env: { LD_PRELOAD: '/tmp/x.so' } }],
  ['aws s3 ls', [], 'injection', { env: { LD_PRELOAD: '/usr/lib/../../tmp/x.so' } }],
  [
    'aws s3 ls',
    AWS,
    'aws-cli',
    { env: { LD_PRELOAD: '/usr/lib/x86_64-linux-gnu/libtcmalloc.so' } },
  ],
  ['aws s3 ls', AWS, 'aws-cli', { env: { PYTHONPATH: '/work/src' } }],
  ['LD_AUDIT=./x.so aws s3 ls', [], 'injection'],
  ['NODE_OPTIONS=--require=/tmp/x.js cdk deploy', [], 'injection'],
  ['NODE_OPTIONS=$X aws s3 ls', [], 'injection'],
  ['aws s3 ls', [], 'injection', { env: { NODE_OPTIONS: '--max-old-space-size=99 -r ./x.js' } }],
  ['aws s3 ls', [], 'injection', { env: { NODE_OPTIONS: '--experimental_loader=./x.mjs' } }],
  ['aws s3 ls', AWS, 'aws-cli', { env: { NODE_OPTIONS: '--max_old_space_size=4096' } }],
  ['aws s3 ls', AWS, 'aws-cli', { env: { NODE_OPTIONS: ' --no-warnings --stack-trace-limit 50' } }],
  ['PYTHONSTARTUP=x.py python t.py', [], 'injection', { file: '' }],
  ['aws s3 ls', [], 'injection', { env: { 'BASH_FUNC_aws%%': '() { printenv; }' } }],
  ['PATH=/tmp:$PATH aws s3 ls', [], 'path-override'],
  ['./aws s3 ls', [], 'workspace-program', { place: 'workspace' }],
  ['aws s3 ls', [], 'missing-program', { place: 'missing' }],
  ['awslocal s3 ls', [], 'unknown-program'],
  ['aws2 s3 ls', [], 'unknown-program'],
  ['printenv', [], 'unknown-program'],
  ['cat .env', [], 'unknown-program'],
  ['node app.js', [], 'unknown-program'],
  ['pytest', [], 'unknown-program'],
  ['jupyter lab', [], 'python-unread'],
  // Never
  ['git push', [], 'strip'],
  ['curl https://api.example.test', [], 'strip'],
  ['wget x', [], 'strip'],
  ['ssh host aws s3 ls', [], 'strip'],
  ['docker run -e HF_TOKEN x', [], 'strip'],
  ['pip install x', [], 'strip'],
  ['npm install', [], 'strip'],
  ['sudo aws s3 ls', [], 'strip'],
  ['npm ci', [], 'strip'],
  ['npx modal', [], 'strip'],
  ['uv pip install x', [], 'strip'],
  ['uv sync', [], 'strip'],
  ['poetry install', [], 'strip'],
  ['uv run pip install x', [], 'strip'],
  ['npm run deploy', [], 'wrapper'],
  ['uv run $TOOL', [], 'wrapper'],
  ['uv run ./aws s3 ls', [], 'workspace-program'],
  ['make deploy', [], 'wrapper'],
  ['bash deploy.sh', [], 'shell'],
  ['find . -exec aws s3 cp {} s3://b ;', [], 'wrapper'],
  ['env -i aws s3 ls', [], 'wrapper'],
  ['aws s3 ls', [], 'injection', { env: { PERL5OPT: '-Mx' } }],
  // Runners start the program past its shim
  ['uv run aws s3 ls', AWS, 'aws-cli'],
  ['poetry run modal deploy a.py', MODAL, 'modal-cli'],
  ['uv run wandb login', [], 'sign-in-command'],
  ['uv run -- python train.py', HF, 'python-script', { file: '' }],
  [
    'uv run --with boto3 python train.py',
    [...HF, ...AWS],
    'python-script',
    { file: 'import boto3' },
  ],
  ['uv run -m pkg.train', HF, 'python-script', { file: '' }],
  ['uv run --env-file .env train.py', [], 'wrapper', { file: '' }],
  ['conda run -n ml python train.py', HF, 'python-script', { file: '' }],
  ['conda run -n ml bash x.sh', [], 'wrapper'],
  // Python
  ['python train.py', HF, 'python-script', { file: 'print(1)' }],
  ['python3.11 -u train.py --lr 1', HF, 'python-script', { file: 'import torch' }],
  ['python train.py', [...HF, ...WANDB], 'python-script', { file: 'import wandb' }],
  ['python train.py', [...HF, ...AWS], 'python-script', { file: 'import boto3' }],
  [
    'python train.py',
    [...HF, ...GCP],
    'python-script',
    { file: 'from google.cloud import storage' },
  ],
  ['python train.py', [...HF, ...GCP], 'python-script', { file: 'from google import auth' }],
  ['python train.py', HF, 'python-script', { file: 'from google import genai' }],
  ['python train.py', HF, 'python-script', { file: 'import moto, boto' }],
  ['python train.py', [...HF, ...MODAL], 'python-script', { file: 'import modal' }],
  ['python train.py --report_to wandb', [...HF, ...WANDB], 'python-script', { file: '' }],
  ['python train.py --report-to=wandb', [...HF, ...WANDB], 'python-script', { file: '' }],
  ['python train.py --report_to none', HF, 'python-script', { file: '' }],
  ['python t.py', [...HF, ...WANDB], 'python-script', { file: 'f(report_to="wandb")' }],
  ['uv run train.py', HF, 'python-script', { file: '' }],
  ['uv run python train.py', HF, 'python-script', { file: '' }],
  ['poetry run python train.py', HF, 'python-script', { file: '' }],
  ['torchrun --nproc_per_node 8 train.py', HF, 'python-script', { file: '' }],
  ['accelerate launch train.py', HF, 'python-script', { file: '' }],
  ['python -m torch.distributed.run train.py', HF, 'python-script', { file: '' }],
  ['python -m pkg.train', HF, 'python-script', { file: '' }],
  ['torchrun -m pkg.train', HF, 'python-script', { file: '' }],
  ['accelerate launch --num_processes 2 -m pkg.train', HF, 'python-script', { file: '' }],
  ['deepspeed --num_gpus 2 train.py --deepspeed ds.json', HF, 'python-script', { file: '' }],
  ['python -m accelerate.commands.launch train.py', HF, 'python-script', { file: '' }],
  ['papermill in.ipynb out.ipynb', HF, 'python-script', { file: '' }],
  ['jupyter nbconvert --to notebook --execute a.ipynb', HF, 'python-script', { file: '' }],
  ['jupyter nbconvert --to html a.ipynb', [], 'python-unread', { file: '' }],
  ['ipython', [], 'python-unread'],
  ['python -m cProfile -o out train.py', HF, 'python-script', { file: '' }],
  // W&B without being told to
  [
    'python t.py',
    [...HF, ...WANDB],
    'python-script',
    { file: 'from transformers import Trainer', logsByItself: true },
  ],
  ['python t.py', HF, 'python-script', { file: 'from transformers import Trainer' }],
  [
    'python t.py',
    HF,
    'python-script',
    { file: 'from transformers import pipeline', logsByItself: true },
  ],
  [
    'python t.py',
    HF,
    'python-script',
    { file: 'from trl import SFTTrainer\nx(report_to="none")', logsByItself: true },
  ],
  [
    'python t.py --report_to none',
    HF,
    'python-script',
    { file: 'from trl import SFTTrainer', logsByItself: true },
  ],
  [
    'python t.py',
    HF,
    'python-script',
    { file: 'from trl import SFTTrainer', logsByItself: true, env: { WANDB_DISABLED: 'true' } },
  ],
  ['python setup.py build', [], 'python-imports', { file: 'import setuptools' }],
  ['python manage.py x', AWS, 'python-imports', { file: 'import boto3' }],
  ['python -c "print(1)"', [], 'python-imports'],
  ['python -c "import boto3"', AWS, 'python-imports'],
  ['python -c "import transformers"', HF, 'python-imports'],
  ["python - <<'X'\nimport wandb\nX", WANDB, 'python-imports'],
  ['python - <<< "import modal"', MODAL, 'python-imports'],
  ['python', [], 'python-unread'],
  ['python -', [], 'python-unread'],
  ['python missing.py', [], 'python-unread'],
  ['python -m pip install x', [], 'python-module'],
  ['python "$SCRIPT"', [], 'python-unread'],
];

describe('one command', () => {
  test.each(table.map((row) => ({ row })))('$row', ({ row }) => {
    const [command, names, rule, setting] = row;
    const [only, more] = decide(facts(command, setting), available);
    expect(more).toBeUndefined();
    expect(only).toMatchObject({ given: names, rule });
    expect([...(only?.given ?? []), ...(only?.withheld ?? [])].toSorted()).toEqual(
      available.toSorted(),
    );
    if (names.length === 0) expect(only?.reason).toContain('synsc exec --authorize NAME');
  });
});

const told = (command: string) =>
  decide(facts(command, { file: '' }), available).map(({ program, given, rule }) => [
    program,
    given.length > 0 ? 'given' : rule,
  ]);

describe('several commands: each is decided by itself', () => {
  test.each([
    ['cd x && aws s3 ls', [['aws', 'given']]],
    [
      'aws s3 ls | head',
      [
        ['aws', 'given'],
        ['head', 'unknown-program'],
      ],
    ],
    [
      'aws s3 ls; curl x',
      [
        ['aws', 'given'],
        ['curl', 'strip'],
      ],
    ],
    ['aws s3 ls &', [['aws', 'given']]],
    ['if true; then (aws s3 ls); fi', [['aws', 'given']]],
    [
      'aws s3 ls "$(curl x)"',
      [
        ['aws', 'given'],
        ['curl', 'strip'],
      ],
    ],
    ['time aws s3 ls', [['aws', 'given']]],
    [
      'env aws s3 ls',
      [
        ['env', 'wrapper'],
        ['aws', 'given'],
      ],
    ],
    [
      'env -u X A=1 aws s3 ls',
      [
        ['env', 'wrapper'],
        ['aws', 'given'],
      ],
    ],
    [
      'nohup python t.py',
      [
        ['nohup', 'wrapper'],
        ['python', 'given'],
      ],
    ],
    [
      'timeout -k 3 5 aws s3 ls',
      [
        ['timeout', 'wrapper'],
        ['aws', 'given'],
      ],
    ],
    [
      'xargs -n 1 aws s3 rm',
      [
        ['xargs', 'wrapper'],
        ['aws', 'given'],
      ],
    ],
    [
      'xargs -n 1 env git push',
      [
        ['xargs', 'wrapper'],
        ['env', 'wrapper'],
        ['git', 'strip'],
      ],
    ],
    [
      'bash -lc "aws s3 ls; curl x"',
      [
        ['bash', 'shell'],
        ['aws', 'given'],
        ['curl', 'strip'],
      ],
    ],
    [
      'sh -o errexit -c "aws s3 ls"',
      [
        ['sh', 'shell'],
        ['aws', 'given'],
      ],
    ],
    [
      'curl x | bash',
      [
        ['curl', 'strip'],
        ['bash', 'piped-shell'],
      ],
    ],
    ['exec aws s3 ls', [['aws', 'given']]],
    [
      'cd x && git pull; aws s3 ls',
      [
        ['git', 'strip'],
        ['aws', 'given'],
      ],
    ],
    ['AWS_PROFILE=work; aws s3 ls', [['aws', 'redirected']]],
    ['export AWS_ENDPOINT_URL=http://x; aws s3 ls', [['aws', 'redirected']]],
    ['export AWS_ENDPOINT_URL="$X"; aws s3 ls', [['aws', 'given']]],
    [
      'env AWS_ENDPOINT_URL=http://x aws s3 ls',
      [
        ['env', 'wrapper'],
        ['aws', 'redirected'],
      ],
    ],
    [
      'aws() { printenv; }; aws',
      [
        ['aws', 'function'],
        ['printenv', 'unknown-program'],
      ],
    ],
    ['env -i aws s3 ls', [['env', 'wrapper']]],
    ['$TOOL s3 ls; true', [['true', 'builtin']]],
    ['aws "unclosed', [['bash', 'opaque']]],
    ['echo $HF_TOKEN', [['echo', 'builtin']]],
  ])('%s', (command, programs) => {
    expect(told(command).toSorted()).toEqual(programs.toSorted());
  });

  test.each(['eval "aws s3 ls"', '$TOOL s3 ls', ''])('%j tells of no program', (command) => {
    expect(given(command)).toEqual([]);
  });
});

describe('your own policy', () => {
  const rules = {
    grant: new Map([
      ['terraform', [providerOf('aws')]],
      ['curl', [providerOf('huggingface')]],
      ['aws', [providerOf('gcp')]],
    ]),
    deny: new Map([['python', [providerOf('huggingface')]]]),
  };
  test.each([
    ['terraform apply', AWS, 'user-grant'],
    ['curl https://x.test', [], 'strip'],
    ['aws s3 ls', [...AWS, ...GCP], 'user-grant'],
    ['aws configure', [], 'sign-in-command'],
    ['LD_PRELOAD=/tmp/x.so terraform apply', [], 'injection'],
    ['AWS_ENDPOINT_URL=http://x terraform apply', [], 'redirected'],
    ['python t.py', [], 'user-deny'],
  ])('%s', (command, names, rule) => {
    const [decision] = decide(facts(command, { file: '' }), available, rules);
    expect(decision).toMatchObject({ given: names, rule });
  });
});

describe('for any command', () => {
  const tools = catalog.flatMap((provider) => provider.programs);
  const word = fc.stringMatching(/^[a-z./-]{1,12}$/);

  test('a program outside the tables gets nothing', () => {
    fc.assert(
      fc.property(word, fc.array(fc.oneof(word, fc.constantFrom(...tools))), (name, args) => {
        fc.pre(!tools.some((tool) => tool === baseName(name)));
        fc.pre(entryOf(baseName(name), args) === undefined);
        expect(given([name, ...args].join(' '))).toEqual([]);
      }),
    );
  });

  test('what is given is held by the session', () => {
    const held = fc.subarray(available);
    fc.assert(
      fc.property(held, fc.constantFrom(...table), (names, [command, , , setting]) => {
        for (const one of decide(facts(command, setting), names)) {
          expect([...one.given, ...one.withheld].toSorted()).toEqual(names.toSorted());
        }
      }),
    );
  });

  test('more shell around it never gives more', () => {
    const around = fc.constantFrom<(text: string) => string>(
      (text) => `(${text})`,
      (text) => `${text}; true`,
      (text) => `true && ${text}`,
      (text) => `env ${text}`,
      (text) => `echo $(${text})`,
      (text) => `${text} | cat`,
      (text) => `${text} &`,
      (text) => `{ ${text}; }`,
      (text) => `f() { ${text}; }; f`,
    );
    const wrapped = fc.array(around, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(wrapped, fc.constantFrom(...tools), word, (wraps, tool, arg) => {
        const plain = `${tool} ${arg}`;
        const text = wraps.reduce((inner, wrap) => wrap(inner), plain);
        expect(given(plain)).toEqual(expect.arrayContaining(given(text)));
      }),
    );
  });
});
