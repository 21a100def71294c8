import { describe, expect, it } from 'vitest';
import { withoutSecretText } from '../../../src/parse/secrets.ts';

describe('text without what looks like a secret', () => {
  it.each([
    ['password=hunter22', 'password=<secret>'],
    ['{"apiKey":"hunter22"}', '{"apiKey":"<secret>"}'],
    [String.raw`{"text":"{\"client_secret\":\"hunter22\"}"}`, String.raw`{"text":"{\"client_secret\":\"<secret>\"}"}`],
    [String.raw`{"token":"\u0026hunter22"}`, '{"token":"<secret>"}'],
    [String.raw`{"token":"hun\u0026ter22"}`, '{"token":"<secret>"}'],
    [String.raw`{"token":"hun\/ter22"}`, '{"token":"<secret>"}'],
  ])('%s', (text, safe) => {
    expect(withoutSecretText(text)).toBe(safe);
  });

  it.each([
    String.raw`{"yaml":"credentials: \u003csecret\u003e\n"}`,
    String.raw`{"authorization":"\u003csecret\u003e"}`,
    'password: <secret>',
    'gen_ai_token_type="input"',
    'bearer realm="x"',
  ])('leaves %s', (text) => {
    expect(withoutSecretText(text)).toBe(text);
  });
});
