import { describe, expect, test } from 'vitest';
import { parseRules } from '../../../src/supervisor/policy/rules.ts';

describe("the user's own rules", () => {
  test('name programs and providers', () => {
    const { grant, deny } = parseRules({
      grant: { terraform: ['aws', 'gcp'] },
      deny: { python: [] },
    });
    expect(grant.get('terraform')?.map(({ id }) => id)).toEqual(['aws', 'gcp']);
    expect(deny.get('python')).toEqual([]);
    expect(parseRules(undefined)).toEqual({ grant: new Map(), deny: new Map() });
  });

  test.each([
    [[], 'policy in config.json: must be an object'],
    [{ allow: {} }, 'policy.allow in config.json: there is only grant and deny'],
    [{ grant: 'aws' }, 'policy.grant in config.json: must be an object'],
    [{ grant: { terraform: 'aws' } }, 'policy.grant.terraform in config.json: give a list'],
    [{ deny: { x: ['amazon'] } }, 'policy.deny.x in config.json: providers are huggingface, wandb'],
    [{ grant: { '/bin/x': ['aws'] } }, 'name the program without its path'],
    [
      { grant: { curl: ['aws'] } },
      'policy.grant.curl in config.json: curl could send them anywhere',
    ],
    [{ grant: { npm: ['aws'] } }, 'runs code of packages'],
    [{ grant: { bash: ['aws'] } }, 'it starts other programs: grant those'],
    [{ grant: { make: ['aws'] } }, 'it starts other programs: grant those'],
  ])('%j is refused: %s', (policy, message) => {
    expect(() => parseRules(policy)).toThrow(message);
  });
});
