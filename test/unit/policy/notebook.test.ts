import { expect, test } from 'vitest';
import { notebookText } from '../../../src/supervisor/policy/notebook.ts';

test('the code cells of a notebook count, without its own commands', () => {
  const cells = [
    { cell_type: 'markdown', source: ['import modal'] },
    { cell_type: 'code', source: ['%load_ext x\n', '!pip install boto3\n', 'import wandb\n'] },
    { cell_type: 'code', source: '?help\nimport torch' },
    { cell_type: 'raw', source: 'import boto3' },
  ];
  expect(notebookText(JSON.stringify({ cells }))).toBe('\n\nimport wandb\n\n\nimport torch');
});

test.each(['', '{', '[]', '{"cells": 3}', 'null', 'import boto3'])('%j is no notebook', (text) => {
  expect(notebookText(text)).toBeUndefined();
});
